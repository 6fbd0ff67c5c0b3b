import { expect } from 'chai';
import fc from 'fast-check';
import { readOptions } from '../../src/config/options.ts';
import { UpstreamPermits } from '../../src/config/upstream-permits.ts';
import { DedicatedSubscription } from '../../src/feed/dedicated-subscription.ts';
import { Registry } from '../../src/feed/shared/registry.ts';
import type { Subscription } from '../../src/feed/subscription.ts';
import { Ticker } from '../../src/lifecycle/ticker.ts';
import type { SseProxyOptions } from '../../src/types.ts';
import { clock } from './clock.ts';
import { MemoryUpstream } from './memory-upstream.ts';
import { settle } from './registry.ts';
import { bytesOf, Viewer } from './viewer.ts';

/** One step of a schedule. Numbers choose among what there is at that moment. */
export type Step =
  | { do: 'emit'; count: number; style: number }
  | { do: 'arrive'; which: number; part: number; slice: number }
  | { do: 'cut'; which: number; part: number; how: 'fin' | 'rst' }
  | { do: 'stall'; which: number }
  | { do: 'down'; on: boolean }
  | { do: 'hangs'; on: boolean }
  | { do: 'repeat'; count: number }
  | { do: 'join' }
  | { do: 'join-at'; part: number }
  | { do: 'leave' | 'back' | 'slow' | 'recover'; which: number }
  | { do: 'wait'; ms: number };

const which = fc.nat({ max: 7 });
const part = fc.nat({ max: 100 });

/** Weighted so that in most schedules events flow, and connections break. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('emit'), count: fc.integer({ min: 1, max: 5 }), style: fc.nat(4) }),
    },
    {
      weight: 9,
      arbitrary: fc.record({ do: fc.constant('arrive'), which, part, slice: fc.integer({ min: 1, max: 90 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('cut'), which, part, how: fc.constantFrom('fin', 'rst') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stall'), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('down', 'hangs'), on: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat'), count: fc.nat(4) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('join') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('join-at'), part }) },
    {
      weight: 7,
      arbitrary: fc.record({ do: fc.constantFrom('leave', 'back', 'back', 'slow', 'recover', 'recover'), which }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 3, 3, 3, 200) }) },
  ) as fc.Arbitrary<Step>,
  { minLength: 5, maxLength: 70, size: 'max' },
);

const address = { origin: 'http://upstream', path: '/' };
const feedListener = { onResume: () => {}, onGap: () => {}, onUpstreamLost: () => {} };

/** The proxy's feeds between an upstream and browsers that are both of the test's making, on a clock of its making. */
export class Stage {
  readonly upstream = new MemoryUpstream();
  readonly viewers: Viewer[] = [];
  readonly #registry: Registry | undefined;
  readonly #config: ReturnType<typeof readOptions>;
  readonly #ticker: Ticker;
  readonly #single: boolean;

  /** @param single true: frames are passed on one by one, as for a transform */
  constructor(share: SseProxyOptions['share'], single: boolean) {
    this.#single = single;
    const transform = single ? { transform: (event: { data: string }) => event } : {};
    const resume = { minDelayMs: 1, maxDelayMs: 2, maxOutageMs: 100 };
    this.#config = readOptions({ target: address.origin, resume, retryMs: 1, share: share ?? false, ...transform });
    this.#ticker = new Ticker(this.#config.tickMs);
    const { upstream } = this;
    if (this.#config.share) {
      const upstreamPermits = new UpstreamPermits(1_000);
      const context = { config: this.#config, ticker: this.#ticker, upstream, upstreamPermits };
      this.#registry = new Registry(context, this.#config.share);
    }
  }

  async run(schedule: readonly Step[]): Promise<void> {
    clock.install();
    try {
      this.#add(undefined);
      await settle();
      for (const step of schedule) {
        this.#do(step);
        await settle();
      }
      await this.#finish();
      await this.#leaveNothing();
    } finally {
      for (const viewer of this.viewers) viewer.leave();
      this.#registry?.close();
      clock.uninstall();
    }
  }

  #do(step: Step): void {
    const { upstream } = this;
    const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % list.length];
    if (step.do === 'emit') {
      for (let i = 0; i < step.count; i++) upstream.emit(bytesOf(upstream.log.length + 1, step.style));
    } else if (step.do === 'arrive') pick(upstream.live, step.which)?.arrivePart(step.part, step.slice);
    else if (step.do === 'cut') pick(upstream.live, step.which)?.cut(step.part, step.how);
    else if (step.do === 'stall') {
      const connection = pick(upstream.live, step.which);
      if (connection) connection.stalled = !connection.stalled;
    } else if (step.do === 'down' || step.do === 'hangs') upstream[step.do] = step.on;
    else if (step.do === 'repeat') upstream.repeats = step.count;
    else if (step.do === 'wait') clock.tick(step.ms);
    else if (step.do === 'join') this.#add(undefined);
    else if (step.do === 'join-at') this.#add(Math.ceil((upstream.log.length * step.part) / 100) || undefined);
    else {
      const viewer = pick(this.viewers, step.which);
      if (step.do === 'leave') viewer?.leave();
      else if (step.do === 'slow') {
        if (viewer) viewer.isSlow = true;
      } else if (step.do === 'recover') viewer?.recover();
      else if (viewer && !viewer.subscription) this.#join(viewer);
    }
  }

  #add(last: number | undefined): void {
    if (this.viewers.length >= 8) return;
    const viewer = new Viewer(last, this.#registry !== undefined);
    this.viewers.push(viewer);
    this.#join(viewer);
  }

  #join(viewer: Viewer): void {
    const { cursor } = viewer;
    const request = { address, headers: [] };
    const prepare = async () => request;
    const parts = {
      upstream: this.upstream,
      ticker: this.#ticker,
      config: this.#config,
      cursor,
      prepare,
      feedListener,
      assignIds: false,
    };
    let subscription: Subscription;
    const made = { request, key: 'all', looseKey: '' };
    if (this.#registry)
      subscription = this.#registry.join({
        made,
        builder: undefined,
        cursor,
        feedListener,
        streamListener: feedListener,
      });
    else subscription = new DedicatedSubscription(parts, request, this.#single);
    viewer.join(subscription, this.upstream.log.length);
  }

  /** Ends all faults: every browser returns, and all bytes arrive. Then no browser may have missed an event. */
  async #finish(): Promise<void> {
    this.upstream.down = this.upstream.hangs = false;
    const { log } = this.upstream;
    const done = () => this.viewers.every((viewer) => viewer.last === log.length && viewer.isReading);
    this.upstream.emit(bytesOf(log.length + 1, 0));
    for (let round = 0; round < 200 && !done(); round++) {
      for (const viewer of this.viewers) {
        viewer.recover();
        if (!viewer.subscription) this.#join(viewer);
      }
      clock.tick(3);
      await settle();
      for (const connection of [...this.upstream.live]) {
        connection.stalled = false;
        connection.arrive(1_000_000, 50);
      }
      await settle();
      // A browser that came after the last event, for new events only, needs one more.
      if (round % 10 === 9) this.upstream.emit(bytesOf(log.length + 1, 0));
    }
    for (const [index, viewer] of this.viewers.entries()) {
      expect(viewer.last, `the last event of browser ${index}`).to.equal(log.length);
    }
    if (!this.#registry) return;
    // A feed that is just reconnecting gets its events a little later than the others, as does one whose transform is
    // behind.
    const { share } = this.#config;
    const rounds = share !== false && share.transform ? 20 : 6;
    for (let more = 0; more < rounds; more++) {
      clock.tick(3);
      await settle();
      this.upstream.emit(bytesOf(log.length + 1, 0));
      for (const connection of [...this.upstream.live]) connection.arrive(1_000_000, 50);
      await settle();
    }
    expect(this.upstream.connections, 'upstream requests for one feed').to.equal(1);
  }

  async #leaveNothing(): Promise<void> {
    for (const viewer of this.viewers) viewer.leave();
    clock.tick(1_000);
    await settle();
    expect(this.upstream.connections, 'upstream requests left behind').to.equal(0);
    expect(this.#registry?.size ?? 0, 'feeds left behind').to.equal(0);
  }
}
