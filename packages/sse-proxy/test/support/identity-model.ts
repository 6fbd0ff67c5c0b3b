import { expect } from 'chai';
import fc from 'fast-check';
import { readOptions } from '../../src/config/options.ts';
import { UpstreamPermits } from '../../src/config/upstream-permits.ts';
import { Registry } from '../../src/feed/shared/registry.ts';
import type { RequestBuilder, SharedRequest } from '../../src/feed/shared/shared-request.ts';
import type { Subscription } from '../../src/feed/subscription.ts';
import { Ticker } from '../../src/lifecycle/ticker.ts';
import type { ShareOptions } from '../../src/types.ts';
import { TokenBackoff } from '../../src/upstream/token-backoff.ts';
import type { Upstream, UpstreamConnection, UpstreamHandler, UpstreamRequest } from '../../src/upstream/upstream.ts';
import { clock } from './clock.ts';
import { type MemoryConnection, MemoryUpstream } from './memory-upstream.ts';
import { ModelReader } from './model-reader.ts';
import { never, settle } from './registry.ts';
import { BrowserParser } from './viewer.ts';

const roles = ['red', 'blue', 'green'] as const;
type Role = (typeof roles)[number];

/** One step of a schedule. Numbers choose among what there is at that moment. */
export type IdentityStep =
  | { do: 'emit'; count: number }
  | { do: 'arrive' | 'cut' | 'leave' | 'back' | 'slow' | 'recover' | 'pend' | 'settle' | 'fail'; which: number }
  | { do: 'become'; which: number; role: Role }
  | { do: 'join'; role: Role; part: number }
  | { do: 'wait'; ms: number };

const which = fc.nat({ max: 7 });
const role = fc.constantFrom(...roles);

export const identitySteps: fc.Arbitrary<IdentityStep[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('emit'), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('arrive'), which }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('cut'), which }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('become'), which, role }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('join'), role, part: fc.nat(100) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('leave', 'back', 'back', 'slow', 'recover'), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('pend', 'settle', 'fail'), which }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 3, 3, 1_100) }) },
  ) as fc.Arbitrary<IdentityStep>,
  { minLength: 5, maxLength: 60, size: 'max' },
);

/**
 * One upstream with a log for each role. All logs have the same length, so that an id means the same position in each,
 * and every third event is the same in all.
 */
class RoleUpstream implements Upstream {
  readonly tokenBackoff = new TokenBackoff();
  readonly logs = Object.fromEntries(roles.map((name) => [name, new MemoryUpstream()])) as Record<Role, MemoryUpstream>;

  get live(): MemoryConnection[] {
    return roles.flatMap((name) => this.logs[name].live);
  }

  get connections(): number {
    return this.live.length;
  }

  get length(): number {
    return this.logs.red.log.length;
  }

  emit(): void {
    const n = this.length + 1;
    for (const name of roles) this.logs[name].emit(`id: ${n}\ndata: ${n % 3 === 0 ? 'all' : name} ${n}\n\n`);
  }

  open(request: UpstreamRequest, handler: UpstreamHandler): UpstreamConnection {
    const name = request.headers[request.headers.indexOf('x-role') + 1] as Role;
    return this.logs[name].open(request, handler);
  }
}

/** A browser whose role changes. It may get no event of a role that it never had, and each number once, in order. */
class RoleViewer extends ModelReader implements RequestBuilder {
  readonly identify = undefined;
  role: Role;
  last: number | undefined;
  isPending = false;
  fails = false;
  /** True behind a gap event: the next event need not follow the last one. */
  #mayMiss = false;
  readonly #had = new Set<string>(['all']);
  #parser!: BrowserParser;
  #release: (() => void)[] = [];

  constructor(name: Role, last: number | undefined) {
    super();
    this.role = name;
    this.last = last;
  }

  get cursor(): string {
    return this.last === undefined ? '' : String(this.last);
  }

  become(name: Role): void {
    this.role = name;
    this.#had.add(name);
  }

  made(): SharedRequest {
    this.#had.add(this.role);
    const request = { address: { origin: 'http://upstream', path: '/' }, headers: ['x-role', this.role] };
    return { request, key: this.role, looseKey: '' };
  }

  async build(): Promise<SharedRequest> {
    expect(this.subscription, 'a hook of a browser that has left').to.not.equal(undefined);
    if (this.isPending) await new Promise<void>((resolve) => this.#release.push(resolve));
    if (this.fails) throw new Error('hook');
    if (!this.subscription) throw new Error('left');
    return this.made();
  }

  settle(): void {
    this.isPending = false;
    for (const release of this.#release.splice(0)) release();
  }

  join(subscription: Subscription): void {
    this.#parser = new BrowserParser(this.cursor, (type, data, id) => this.#onEvent(type, data, id));
    this.follow(subscription);
  }

  override leave(): void {
    this.fails = false;
    super.leave();
    this.settle();
  }

  onFrames(buffer: Buffer, start: number, end: number): boolean {
    this.#push(buffer.subarray(start, end));
    return !this.isSlow;
  }

  onControlEvent(bytes: Buffer): void {
    this.#push(bytes);
  }

  #push(bytes: Buffer): void {
    this.#parser.push(bytes.toString());
    if (this.last === undefined && this.#parser.lastEventId) this.last = Number(this.#parser.lastEventId);
  }

  #onEvent(type: string, data: string, id: string): void {
    if (type === 'sse-proxy:upstream') return;
    if (type === 'sse-proxy:gap') {
      // A feed that has delivered nothing has no cursor. So a browser that was moved to it misses what the feed misses
      // in an outage.
      if (JSON.parse(data).reason === 'no-ids') {
        this.#mayMiss = true;
        return;
      }
      expect(this.last, `gap ${data} for one that had events`).to.equal(undefined);
      return;
    }
    const [name = '', n] = data.split(' ');
    expect([...this.#had], 'the role of the event').to.include(name);
    expect(id).to.equal(n);
    if (this.#mayMiss) expect(Number(id), 'an event after a gap').to.be.above(this.last ?? 0);
    else if (this.last !== undefined) expect(Number(id), 'the next event').to.equal(this.last + 1);
    this.#mayMiss = false;
    this.last = Number(id);
  }
}

/** Browsers with changing roles, on a clock and an upstream of the test's. */
export class IdentityStage {
  readonly upstream = new RoleUpstream();
  readonly viewers: RoleViewer[] = [];
  readonly #registry: Registry;

  constructor(share: ShareOptions) {
    const resume = { minDelayMs: 1, maxDelayMs: 2, maxOutageMs: 10_000 };
    const config = readOptions({ target: 'http://upstream', resume, retryMs: 1, share });
    const { upstream } = this;
    const context = {
      config,
      upstream,
      ticker: new Ticker(config.tickMs),
      upstreamPermits: new UpstreamPermits(99),
    };
    this.#registry = new Registry(context, config.share || never());
  }

  async run(schedule: readonly IdentityStep[]): Promise<void> {
    clock.install();
    try {
      for (let n = 0; n < 3; n++) this.upstream.emit();
      for (const step of schedule) {
        this.#do(step);
        await settle();
      }
      await this.#finish();
      for (const viewer of this.viewers) viewer.leave();
      clock.tick(1_000);
      await settle();
      expect([this.upstream.connections, this.#registry.size], 'left behind').to.deep.equal([0, 0]);
    } finally {
      for (const viewer of this.viewers) viewer.leave();
      this.#registry.close();
      clock.uninstall();
    }
  }

  #do(step: IdentityStep): void {
    const pick = <T>(list: readonly T[]): T | undefined => list['which' in step ? step.which % list.length : 0];
    const viewer = pick(this.viewers);
    if (step.do === 'emit') for (let n = 0; n < step.count; n++) this.upstream.emit();
    else if (step.do === 'arrive') pick(this.upstream.live)?.arrive(1_000_000, 40);
    else if (step.do === 'cut') pick(this.upstream.live)?.rst();
    else if (step.do === 'wait') clock.tick(step.ms);
    else if (step.do === 'become') viewer?.become(step.role);
    else if (step.do === 'leave') viewer?.leave();
    else if (step.do === 'recover') viewer?.recover();
    else if (step.do === 'settle') viewer?.settle();
    else if (step.do === 'join') this.#add(step.role, step.part);
    else if (step.do === 'back') {
      if (viewer && !viewer.subscription) this.#join(viewer);
    } else if (viewer?.subscription) {
      if (step.do === 'slow') viewer.isSlow = true;
      else if (step.do === 'pend') viewer.isPending = true;
      else viewer.fails = true;
    }
  }

  #add(name: Role, part: number): void {
    if (this.viewers.length >= 8) return;
    const viewer = new RoleViewer(name, Math.ceil((this.upstream.length * part) / 100) || undefined);
    this.viewers.push(viewer);
    this.#join(viewer);
  }

  #join(viewer: RoleViewer): void {
    const feedListener = { onResume: () => {}, onGap: () => {}, onUpstreamLost: () => {} };
    viewer.join(
      this.#registry.join({
        made: viewer.made(),
        builder: viewer,
        cursor: viewer.cursor,
        feedListener,
        streamListener: feedListener,
      }),
    );
  }

  /** Ends all faults, and cuts every connection once more: then each browser has all events of its role. */
  async #finish(): Promise<void> {
    for (const viewer of this.viewers) {
      viewer.fails = false;
      viewer.settle();
    }
    for (const connection of this.upstream.live) connection.rst();
    const { upstream } = this;
    upstream.emit();
    const done = () => this.viewers.every((viewer) => viewer.isReading && viewer.last === upstream.length);
    for (let round = 0; round < 400 && !done(); round++) {
      for (const viewer of this.viewers) {
        viewer.recover();
        if (!viewer.subscription) this.#join(viewer);
      }
      clock.tick(20);
      await settle();
      for (const connection of this.upstream.live) connection.arrive(1_000_000, 50);
      await settle();
      if (round % 20 === 19) upstream.emit();
    }
    for (const [index, viewer] of this.viewers.entries())
      expect(viewer.last, `the last event of browser ${index}`).to.equal(upstream.length);
  }
}
