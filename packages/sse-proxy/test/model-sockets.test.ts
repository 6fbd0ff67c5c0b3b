import { expect } from 'chai';
import fc from 'fast-check';
import type { SseProxyOptions } from '../src/types.ts';
import type { ProxyApp } from './support/app.ts';
import type { RawBrowser } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { RawUpstream, UpstreamRequestSeen } from './support/upstream.ts';
import { bytesOf, Viewer } from './support/viewer.ts';

const seed = Number(process.env.SSE_SEED ?? 20_261_128);
const runs = Number(process.env.SSE_SOCKET_RUNS ?? 20);

type Step =
  | { do: 'emit'; count: number; style: number; slice: number }
  | { do: 'cut'; which: number; kept: number; how: 'fin' | 'rst' }
  | { do: 'join' }
  | { do: 'settle' }
  | { do: 'join-at'; part: number }
  | { do: 'leave' | 'back'; which: number };

const which = fc.nat({ max: 5 });
const slice = fc.integer({ min: 1, max: 400 });
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('emit'), count: fc.integer({ min: 1, max: 6 }), style: fc.nat(4), slice }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('cut'), which, kept: fc.nat(60), how: fc.constantFrom('fin', 'rst') }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('join', 'settle', 'settle') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('join-at'), part: fc.nat(100) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('leave', 'back'), which }) },
  ) as fc.Arbitrary<Step>,
  { minLength: 5, maxLength: 30, size: 'max' },
);

const cases: Record<string, SseProxyOptions['share']> = {
  'a feed each': false,
  'a shared feed': true,
  'a shared feed whose ring holds two events': { replay: { maxEvents: 2 } },
};

/** One schedule over real sockets: an upstream that resumes by Last-Event-ID, and browsers that check what they get. */
class Run {
  readonly log: string[] = [];
  readonly viewers: { viewer: Viewer; browser: RawBrowser | undefined; taken: number }[] = [];
  readonly visit: (port: number, path: string, headers: Record<string, string>) => RawBrowser;
  readonly app: ProxyApp;
  readonly upstream: RawUpstream;

  constructor(upstream: RawUpstream, app: ProxyApp, visit: Run['visit']) {
    this.upstream = upstream;
    this.app = app;
    this.visit = visit;
  }

  answer(request: UpstreamRequestSeen): void {
    request.begin();
    const cursor = Number(request.headers['last-event-id'] ?? this.log.length);
    const missed = this.log.slice(cursor).join('');
    if (missed) request.send(missed);
  }

  #live(): UpstreamRequestSeen[] {
    return this.upstream.requests.filter((request) => !request.socket.destroyed && request.socket.writable);
  }

  async do(step: Step): Promise<void> {
    const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % list.length];
    if (step.do === 'emit') this.emit(step.count, step.style, step.slice);
    else if (step.do === 'cut') {
      const request = pick(this.#live(), step.which);
      const partial = bytesOf(this.log.length + 1, 0).slice(0, step.kept % 20);
      if (partial) request?.send(partial);
      if (step.how === 'rst') request?.reset();
      else {
        request?.end();
        request?.socket.end();
      }
    } else if (step.do === 'join') await this.#add(undefined);
    else if (step.do === 'join-at') await this.#add(Math.ceil((this.log.length * step.part) / 100) || undefined);
    else if (step.do === 'settle') await until(() => this.#take() && this.viewers.every((it) => this.#hasAll(it)));
    else {
      const it = pick(this.viewers, step.which);
      this.#take();
      if (step.do === 'leave') it?.viewer.leave();
      else if (it && !it.viewer.subscription) await this.#join(it);
    }
  }

  emit(count: number, style: number, slice: number): void {
    const fresh = Array.from({ length: count }, (_, i) => bytesOf(this.log.length + 1 + i, style));
    this.log.push(...fresh);
    const bytes = fresh.join('');
    for (const request of this.#live()) {
      for (let at = 0; at < bytes.length; at += slice) request.send(bytes.slice(at, at + slice));
    }
  }

  // A browser that came without an id may have received nothing, if nothing was sent since.
  #hasAll({ viewer }: Run['viewers'][number]): boolean {
    return !viewer.subscription || viewer.last === undefined || viewer.last === this.log.length;
  }

  async #add(last: number | undefined): Promise<void> {
    if (this.viewers.length >= 6) return;
    const it = { viewer: new Viewer(last, false), browser: undefined, taken: 0 };
    this.viewers.push(it);
    await this.#join(it);
  }

  async #join(it: Run['viewers'][number]): Promise<void> {
    const { cursor } = it.viewer;
    const browser = this.visit(this.app.port, '/sse', cursor === '' ? {} : { 'Last-Event-ID': cursor });
    it.browser = browser;
    it.taken = 0;
    // The browser may miss nothing that is sent after its headers have arrived.
    await browser.opened();
    const ready = Promise.resolve({});
    const nothing = () => {};
    const subscription = { ready, deliverTo: nothing, resume: nothing, describe: () => ({}) as never };
    it.viewer.join({ ...subscription, close: () => browser.leave() }, this.log.length);
  }

  /** Passes the bytes that have arrived to the viewers, which check them. */
  #take(): boolean {
    for (const it of this.viewers) {
      if (!it.viewer.subscription || !it.browser) continue;
      const body = it.browser.body();
      const fresh = body.slice(it.taken);
      it.taken = body.length;
      if (fresh) it.viewer.onFrames(Buffer.from(fresh, 'latin1'), 0, fresh.length);
      if (it.browser.complete() || it.browser.closed()) it.viewer.leave();
    }
    return true;
  }

  async finish(): Promise<void> {
    const missing = () => this.viewers.filter(({ viewer }) => viewer.last !== this.log.length);
    while (missing().length > 0) {
      for (const it of missing()) if (!it.viewer.subscription) await this.#join(it);
      let looks = 0;
      await until(() => {
        this.#take();
        // Browsers without an event so far need one that is sent from now on.
        if (++looks % 5 === 0 && missing().some(({ viewer }) => viewer.last === undefined)) this.emit(1, 0, 50);
        return missing().length === 0 || missing().some(({ viewer }) => !viewer.subscription);
      });
    }
  }
}

describe(`whatever happens over sockets, every browser gets every event once and in order (seed ${seed}, ${runs} schedules each)`, () => {
  for (const [name, share] of Object.entries(cases)) {
    it(`every browser gets every event once and in order, over sockets: ${name}`, async () => {
      const property = fc.asyncProperty(steps, async (schedule: Step[]) => {
        const { upstream, app, visit, clean } = stage();
        try {
          const up = await upstream((request) => run.answer(request));
          const resume = { minDelayMs: 1, maxDelayMs: 3 };
          const proxied = await app({ target: up.url, share: share ?? false, resume, retryMs: 1 });
          const run: Run = new Run(up, proxied, visit);
          await run.do({ do: 'join' });
          for (const step of schedule) await run.do(step);
          await run.finish();
          // How fast a socket takes bytes is up to the machine, so a ring of two events may move past a browser.
          if (!name.includes('two events')) expect(proxied.witness.evictions).to.deep.equal([]);
        } finally {
          await clean();
        }
      });
      await fc.assert(property, { seed, numRuns: runs, endOnFailure: true });
    });
  }
});
