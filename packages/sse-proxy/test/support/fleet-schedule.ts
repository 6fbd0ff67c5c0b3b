import { expect } from 'chai';
import fc from 'fast-check';
import { readOptions } from '../../src/config/options.ts';
import { UpstreamPermits } from '../../src/config/upstream-permits.ts';
import { Registry } from '../../src/feed/shared/registry.ts';
import { Ticker } from '../../src/lifecycle/ticker.ts';
import type { FeedRelay } from '../../src/types.ts';
import { MemoryUpstream } from './memory-upstream.ts';
import { OwnIdViewer } from './own-id-viewer.ts';
import { bytesOf, Viewer } from './viewer.ts';

/** One step of a schedule. Numbers choose among what there is at that moment. */
export type FleetStep =
  | { do: 'emit'; count: number; style: number }
  | { do: 'arrive'; which: number; part: number; slice: number }
  | { do: 'cut'; which: number; part: number; how: 'fin' | 'rst' }
  | { do: 'down'; on: boolean }
  | { do: 'repeat'; count: number }
  | { do: 'relay'; instance: number; isUp: boolean }
  | { do: 'expire' }
  | { do: 'clear' }
  | { do: 'trim'; keep: number }
  | { do: 'join' | 'leave' | 'back' | 'slow' | 'recover'; which: number; instance: number }
  | { do: 'wait'; ms: number };

/** Number of instances. */
export const fleetSize = 3;
const which = fc.nat({ max: 7 });
const part = fc.nat({ max: 100 });
const instance = fc.nat({ max: fleetSize - 1 });
const one = <T>(value: T) => fc.constant(value);

/** Weighted so that in most schedules events flow, and connections break. */
export const fleetSteps: fc.Arbitrary<FleetStep[]> = fc.array(
  fc.oneof(
    { weight: 7, arbitrary: fc.record({ do: one('emit'), count: fc.integer({ min: 1, max: 5 }), style: fc.nat(4) }) },
    { weight: 9, arbitrary: fc.record({ do: one('arrive'), which, part, slice: fc.integer({ min: 1, max: 90 }) }) },
    { weight: 2, arbitrary: fc.record({ do: one('cut'), which, part, how: fc.constantFrom('fin', 'rst') }) },
    { weight: 1, arbitrary: fc.record({ do: one('down'), on: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: one('repeat'), count: fc.nat(4) }) },
    { weight: 4, arbitrary: fc.record({ do: one('relay'), instance, isUp: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('expire', 'expire', 'clear') }) },
    { weight: 1, arbitrary: fc.record({ do: one('trim'), keep: fc.nat(3) }) },
    { weight: 3, arbitrary: fc.record({ do: one('join'), which, instance }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constantFrom('leave', 'back', 'back', 'slow', 'recover'), which, instance }),
    },
    { weight: 7, arbitrary: fc.record({ do: one('wait'), ms: fc.constantFrom(1, 10, 10, 20, 200, 1_100) }) },
  ) as fc.Arbitrary<FleetStep>,
  { minLength: 5, maxLength: 70, size: 'max' },
);

const address = { origin: 'http://upstream', path: '/' };
const request = { address, headers: [], feedKey: 'all' };
const made = { request, key: 'all', looseKey: '' };
const feedListener = { onResume: () => {}, onGap: () => {}, onUpstreamLost: () => {} };

/** The logs of a model, and its time. */
export interface FleetLogs {
  /** That of each instance. */
  readonly relays: readonly FeedRelay[];
  begin(): void;
  /** Connects an instance to the logs, or cuts it off. */
  connect(instance: number, isUp: boolean): void;
  /** The lease of the leader is over, though it may still believe that it leads. */
  expire(): void | Promise<void>;
  /** Loses all data. */
  clear(): void | Promise<void>;
  /** Forgets all but the newest entries. */
  trim(keep: number): void | Promise<void>;
  /** Lets time pass, in milliseconds. */
  pass(ms: number): Promise<void>;
  /** Lets everything that is due happen. Rejects with what a listener has thrown. */
  settle(): Promise<void>;
  end(): void | Promise<void>;
}

/** How the instances of a model are set up. */
export interface FleetModel {
  readonly join: 'fresh' | 'live';
  /** @defaultValue 'upstream' */
  readonly ids?: 'upstream' | 'assign';
  /** False: the upstream's events have no ids. @defaultValue true */
  readonly hasIds?: boolean;
}

/** Three instances, one upstream, one set of logs. */
export class FleetStage {
  readonly upstream = new MemoryUpstream();
  readonly viewers: Viewer[] = [];
  readonly #logs: FleetLogs;
  readonly #registries: Registry[] = [];
  readonly #model: FleetModel;
  readonly #names = new Map<string, number>();

  /** What a browser has thrown: the proxy must not handle it. */
  #failure: unknown;

  constructor(model: FleetModel, logs: FleetLogs) {
    this.#model = model;
    this.#logs = logs;
    const { join, ids = 'upstream' } = model;
    for (const relay of logs.relays) {
      const resume = { minDelayMs: 1, maxDelayMs: 2, maxOutageMs: 60_000 };
      const share = { relay, join, ids, lingerMs: 50 };
      const config = readOptions({ target: address.origin, resume, retryMs: 1, share });
      const ticker = new Ticker(config.tickMs);
      const context = { config, ticker, upstream: this.upstream, upstreamPermits: new UpstreamPermits(1_000) };
      if (config.share) this.#registries.push(new Registry(context, config.share));
    }
  }

  async run(schedule: readonly FleetStep[]): Promise<void> {
    this.#logs.begin();
    try {
      this.#add(0);
      await this.#settle();
      for (const step of schedule) {
        await this.#do(step);
        await this.#settle();
        await this.#settle();
      }
      await this.#finish();
      await this.#leaveNothing();
    } finally {
      for (const viewer of this.viewers) viewer.leave();
      for (const registry of this.#registries) registry.close();
      await this.#logs.end();
    }
  }

  async #settle(): Promise<void> {
    await this.#logs.settle();
    if (this.#failure) throw this.#failure;
  }

  async #do(step: FleetStep): Promise<void> {
    const { upstream } = this;
    const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % list.length];
    if (step.do === 'emit') this.#emit(step.count, step.style);
    else if (step.do === 'arrive') pick(upstream.live, step.which)?.arrivePart(step.part, step.slice);
    else if (step.do === 'cut') pick(upstream.live, step.which)?.cut(step.part, step.how);
    else if (step.do === 'down') upstream.down = step.on;
    else if (step.do === 'repeat') upstream.repeats = step.count;
    else if (step.do === 'relay') this.#logs.connect(step.instance, step.isUp);
    else if (step.do === 'expire') await this.#logs.expire();
    else if (step.do === 'clear') await this.#logs.clear();
    else if (step.do === 'trim') await this.#logs.trim(step.keep);
    else if (step.do === 'wait') await this.#logs.pass(step.ms);
    else if (step.do === 'join') this.#add(step.instance);
    else {
      const viewer = pick(this.viewers, step.which);
      if (step.do === 'leave') viewer?.leave();
      else if (step.do === 'slow') {
        if (viewer) viewer.isSlow = true;
      } else if (step.do === 'recover') viewer?.recover();
      else if (viewer && !viewer.subscription) this.#join(viewer, step.instance);
    }
  }

  #emit(count: number, style: number): void {
    const { hasIds = true } = this.#model;
    for (let i = 0; i < count; i++) {
      const bytes = bytesOf(this.upstream.log.length + 1, style);
      this.upstream.emit(hasIds ? bytes : bytes.replace(/^id:.*\r?\n/m, ''));
    }
  }

  #add(at: number): void {
    if (this.viewers.length >= 8) return;
    const { ids, hasIds = true } = this.#model;
    const viewer = ids === 'assign' ? new OwnIdViewer(this.#names, !hasIds) : new Viewer(undefined, true);
    this.#watch(viewer);
    this.viewers.push(viewer);
    this.#join(viewer, at);
  }

  #watch(viewer: Viewer): void {
    const guarded = <Given extends unknown[], Result>(call: (...given: Given) => Result, otherwise: Result) => {
      return (...given: Given) => {
        try {
          return call.apply(viewer, given);
        } catch (error) {
          this.#failure ??= error;
          return otherwise;
        }
      };
    };
    viewer.onFrames = guarded(viewer.onFrames, true);
    viewer.onControlEvent = guarded(viewer.onControlEvent, undefined);
  }

  #join(viewer: Viewer, at: number): void {
    const registry = this.#registries[at] as Registry;
    const { cursor } = viewer;
    const subscription = registry.join({
      made,
      builder: undefined,
      cursor,
      feedListener,
      streamListener: feedListener,
    });
    viewer.join(subscription, () => this.upstream.log.length);
  }

  /** Ends all faults: every browser returns, and all bytes arrive. Then no browser may have missed an event. */
  async #finish(): Promise<void> {
    const { upstream } = this;
    upstream.down = false;
    for (let at = 0; at < fleetSize; at++) this.#logs.connect(at, true);
    const done = () => this.viewers.every((viewer) => viewer.last === upstream.log.length && viewer.isReading);
    this.#emit(1, 0);
    for (let round = 0; round < 100 && !done(); round++) await this.#calm(round % 10 === 9);
    for (const [index, viewer] of this.viewers.entries())
      expect(viewer.last, `the last event of browser ${index}`).to.equal(upstream.log.length);
    // Without ids a feed moves to the log after ten seconds.
    for (let more = 0; more < 400 && upstream.connections !== 1; more++) await this.#calm(true);
    expect(upstream.connections, 'upstream requests for one feed').to.equal(1);
  }

  async #calm(emits: boolean): Promise<void> {
    for (const [index, viewer] of this.viewers.entries()) {
      viewer.recover();
      if (!viewer.subscription) this.#join(viewer, index % fleetSize);
    }
    if (emits) this.#emit(1, 0);
    for (let turn = 0; turn < 4; turn++) {
      await this.#logs.pass(15);
      await this.#settle();
      for (const connection of [...this.upstream.live]) connection.arrive(1_000_000, 50);
      await this.#settle();
    }
  }

  async #leaveNothing(): Promise<void> {
    for (const viewer of this.viewers) viewer.leave();
    const feeds = () => this.#registries.reduce((sum, registry) => sum + registry.size, 0);
    for (let turn = 0; turn < 100 && this.upstream.connections + feeds() > 0; turn++) {
      await this.#logs.pass(100);
      await this.#settle();
    }
    expect(this.upstream.connections, 'upstream requests left behind').to.equal(0);
    expect(feeds(), 'feeds left behind').to.equal(0);
  }
}
