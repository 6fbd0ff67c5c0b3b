// A process with many browsers, controlled by the benchmark.
import { answer } from '../../scale/support/child.ts';
import { type Address, Browser } from './browser.ts';

/** How browsers connect. */
export interface ConnectOrder extends Address {
  readonly count: number;
  /**
   * Number of feeds over which the browsers are spread, each at a path of its own below `path`; undefined: all at
   * `path`.
   */
  readonly feeds?: number | undefined;
  /** The first browser's feed. @defaultValue 0 */
  readonly firstFeed?: number;
  /** Number of simultaneous connects. */
  readonly atOnce: number;
  readonly withinMs: number;
}

/** State of the browsers after a connect. */
export interface ConnectReport {
  readonly open: number;
  /** Reason → number of browsers that are not open for it. */
  readonly failures: Record<string, number>;
  readonly tookMs: number;
  readonly openedAfterUs: Float64Array;
}

// Enough samples for a p99.
const maxSamples = 50_000;

const browsers: Browser[] = [];
let failures: Record<string, number> = {};
let settled = () => {};
let goal = 0;
let reachedGoal = () => {};
let reachedAtUs = new Float64Array();
let reachedCount = 0;
let startedAt = 0;
let samples = new Float64Array();
let seen = 0;
let every = 1;

const events = {
  onEvent(browser: Browser, latencyUs: number): void {
    if (samples.length > 0 && seen++ % every === 0) samples[Math.floor((seen - 1) / every)] = latencyUs;
    if (browser.last !== goal) return;
    reachedAtUs[reachedCount++] = (performance.now() - startedAt) * 1e3;
    reachedGoal();
  },
  onOpen: () => settled(),
  onGone(browser: Browser, why: string): void {
    failures[why] = (failures[why] ?? 0) + 1;
    settled();
    if (browser.last < goal) reachedGoal();
  },
};

/** Resolves when `start` has called its argument, or after `withinMs`. */
function within(withinMs: number, start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, withinMs);
    start(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Opens the streams of `these`, `atOnce` at a time. */
async function openAll(
  these: readonly Browser[],
  { atOnce, withinMs, feeds, firstFeed = 0, ...address }: ConnectOrder,
): Promise<ConnectReport> {
  startedAt = performance.now();
  failures = {};
  let next = 0;
  let done = 0;
  const openNext = () => {
    const path = feeds === undefined ? address.path : `${address.path}/${(firstFeed + next) % feeds}`;
    these[next++]?.open({ ...address, path });
  };
  await within(withinMs, (finished) => {
    settled = () => {
      if (++done === these.length) finished();
      else if (next < these.length) openNext();
    };
    while (next < Math.min(atOnce, these.length)) openNext();
  });
  settled = () => {};
  const open = these.filter(({ isOpen }) => isOpen);
  return {
    open: open.length,
    failures,
    tookMs: performance.now() - startedAt,
    openedAfterUs: Float64Array.from(open, ({ openedAfterUs }) => openedAfterUs),
  };
}

const answers = {
  connect(order: ConnectOrder): Promise<ConnectReport> {
    const fresh = Array.from({ length: order.count }, () => new Browser(events));
    browsers.push(...fresh);
    return openAll(fresh, order);
  },
  /** Disconnects all browsers. They keep their newest event. */
  leave(): void {
    for (const browser of browsers) browser.leave();
  },
  /** Reconnects them with the id of their newest event. */
  reconnect(order: ConnectOrder): Promise<ConnectReport> {
    return openAll(browsers, order);
  },
  /** Records latencies from now on. @param events expected number */
  measure(expected: number): void {
    every = Math.max(1, Math.ceil(expected / maxSamples));
    samples = new Float64Array(Math.ceil(expected / every));
    seen = 0;
  },
  latencies(): Float64Array {
    return samples.slice(0, Math.min(samples.length, Math.ceil(seen / every)));
  },
  /** Sets the event that `reached` waits for. */
  expect(sequence: number): void {
    goal = sequence;
    reachedCount = 0;
    reachedAtUs = new Float64Array(browsers.length);
  },
  /** Resolves when every open browser has it, with each one's time in microseconds since the last connect. */
  async reached(withinMs: number): Promise<Float64Array> {
    await within(withinMs, (finished) => {
      let missing = browsers.filter(({ isOpen, last }) => isOpen && last < goal).length;
      if (missing === 0) return finished();
      reachedGoal = () => {
        if (--missing === 0) finished();
      };
    });
    reachedGoal = () => {};
    return reachedAtUs.slice(0, reachedCount);
  },
  counts() {
    const sum = (count: (browser: Browser) => number) => browsers.reduce((total, browser) => total + count(browser), 0);
    return {
      open: sum(({ isOpen }) => Number(isOpen)),
      events: sum(({ events }) => events),
      comments: sum(({ comments }) => comments),
      lost: sum(({ lost }) => lost),
      doubled: sum(({ doubled }) => doubled),
      /** Lowest number of a newest event among the browsers. */
      last: browsers.reduce((least, { last }) => Math.min(least, last), Number.POSITIVE_INFINITY),
      failures,
    };
  },
};
export type BrowsersAnswers = typeof answers;

answer(0, answers);
