import { expect } from 'chai';
import fc from 'fast-check';
import { readOptions } from '../src/config/options.ts';
import { UpstreamPermits } from '../src/config/upstream-permits.ts';
import { DedicatedSubscription } from '../src/feed/dedicated-subscription.ts';
import { Registry } from '../src/feed/shared/registry.ts';
import type { FeedReader } from '../src/feed/subscription.ts';
import { SseProxyError } from '../src/index.ts';
import { Ticker } from '../src/lifecycle/ticker.ts';
import { clock } from './support/clock.ts';
import { settle } from './support/registry.ts';
import { ScriptedUpstream } from './support/scripted.ts';

const kinds = ['>', '>=', 'everything'] as const;

interface Plan {
  kind: (typeof kinds)[number];
  share: boolean;
  /** Events per id. */
  perId: number;
  /** `text`: ids have no order that the proxy knows. */
  ids: 'numbers' | 'text';
  /** Number of events that exceed `maxEventBytes`, of ten. */
  large: number;
  eol: string;
  connections: { emit: number; at: number; slice: number; clean: boolean; restart: boolean; pause: boolean }[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom(...kinds),
  share: fc.boolean(),
  perId: fc.constantFrom(1, 1, 2, 5),
  ids: fc.constantFrom('numbers', 'text'),
  large: fc.constantFrom(0, 0, 2),
  eol: fc.constantFrom('\n', '\r\n', '\r'),
  connections: fc.array(
    fc.record({
      emit: fc.nat(12),
      at: fc.nat(100),
      slice: fc.integer({ min: 1, max: 400 }),
      clean: fc.boolean(),
      restart: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      pause: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

/** Runs a plan; returns what a browser received: event data, `large` for the gap of an event, other gaps by reason. */
async function run({ kind, share, perId, ids, large, eol, connections }: Plan) {
  const upstream = new ScriptedUpstream();
  const resume = { minDelayMs: 1, maxDelayMs: 2, maxOutageMs: 1_000_000 };
  const config = readOptions({ target: 'http://upstream', resume, retryMs: 1, maxEventBytes: 300, share });
  const ticker = new Ticker(1_000_000);
  const request = { address: { origin: 'http://upstream', path: '/' }, headers: [] as string[] };
  const prepare = async () => request;
  const feedListener = { onResume() {}, onGap() {}, onUpstreamLost() {} };
  const context = { config, ticker, upstream, upstreamPermits: new UpstreamPermits(10) };
  const made = { request, key: 'all', looseKey: '' };
  const parts = { upstream, ticker, config, cursor: '', prepare, feedListener, assignIds: false };
  const subscription = config.share
    ? new Registry(context, config.share).join({
        made,
        builder: undefined,
        cursor: '',
        feedListener,
        streamListener: feedListener,
      })
    : new DedicatedSubscription(parts, request, false);
  let body = '';
  const take = (bytes: Buffer) => {
    body += bytes.toString('latin1');
    return true;
  };
  const reader: FeedReader = {
    onFrames: (buffer, start, end) => take(buffer.subarray(start, end)),
    onControlEvent: (bytes) => void take(bytes),
    onLagging: () => expect.fail('lagging'),
    onEnd: (reason) => expect.fail(`ended: ${reason}`),
  };
  let log: { id: string; bytes: string }[] = [];
  let epoch = 0;
  let lines = 0;
  const emit = () => {
    const n = log.length;
    const data = `${epoch}.${n}`;
    const number = Math.floor(n / perId) + 1;
    const padding = n % 10 < large ? `data: ${'x'.repeat(400)}${eol}` : '';
    const id = ids === 'numbers' ? String(number) : `id-${String(number).padStart(6, '0')}`;
    log.push({ id, bytes: `id: ${id}${eol}data: ${data}${eol}${padding}${eol}` });
  };
  const before = () => ['', `: c${eol}`, `retry: 1${eol}`, `:${eol}${eol}`][++lines % 4];
  const textFor = (last: string | undefined) => {
    const order = (id: string) => Number(id.replace(/\D/g, ''));
    const wanted = log.filter(
      ({ id }) =>
        kind === 'everything' ||
        last === undefined ||
        order(id) > order(last) ||
        (kind === '>=' && order(id) === order(last)),
    );
    return wanted.map(({ bytes }) => before() + bytes).join('');
  };
  const lastId = () => {
    const headers = upstream.requests.at(-1)?.headers ?? [];
    const at = headers.indexOf('last-event-id');
    return at < 0 ? undefined : headers[at + 1];
  };
  const send = (text: string, slice: number) => {
    for (let at = 0; at < text.length; at += slice) {
      upstream.last().events.onData(Buffer.from(text.slice(at, at + slice), 'latin1'));
    }
  };
  upstream.last().events.onHeaders({});
  await subscription.ready;
  subscription.deliverTo(reader);
  for (const [n, { emit: count, at, slice, clean, restart, pause }] of [
    ...connections,
    { emit: 3, at: 100, slice: 50, clean: false, restart: false, pause: true },
  ].entries()) {
    if (restart && n > 0) {
      log = [];
      epoch++;
    }
    for (let i = 0; i < count; i++) emit();
    if (n > 0) {
      const requests = upstream.requests.length;
      for (let tries = 0; tries < 20 && upstream.requests.length === requests; tries++) {
        clock.tick(1);
        await settle();
      }
      upstream.last().events.onHeaders({});
    }
    const text = textFor(lastId());
    const isLast = n === connections.length;
    send(isLast ? text : text.slice(0, Math.floor((text.length * at) / 100)), slice);
    if (pause) clock.tick(2_000);
    if (isLast) break;
    // Without an id so far, a clean end is the stream's.
    if (clean && at === 100 && /^id: /m.test(body)) upstream.last().events.onComplete();
    else upstream.last().events.onError(new SseProxyError('ERR_SSE_UPSTREAM_BROKEN'));
  }
  subscription.close();
  const got = [...body.matchAll(/"reason":"([^"]+)"|^data: (\d+\.\d+)/gm)].map(([, gap, data]) => gap ?? data ?? '');
  const expected = log.map((_, n) => (n % 10 < large ? 'event-too-large' : `${epoch}.${n}`));
  return { got, expected, epoch };
}

/** On a clock that the tests turn. */
describe('every event of an upstream with ids', () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  it('every event of an upstream with ids arrives once and in order, or a gap is reported, wherever connections are cut [R22] [R34] [R35]', async () => {
    const property = fc.asyncProperty(plans, async (plan) => {
      // Strictly after an id, an upstream never sends the other events with that id: the proxy can't know of them.
      const perId = plan.kind === '>' ? 1 : plan.perId;
      const { got, expected, epoch } = await run({ ...plan, perId });
      const isGap = (text: string) => /^[a-z]/.test(text) && text !== 'event-too-large';
      if (epoch > 0) {
        // Ids that began anew: some events of the last epoch may look like those of an earlier one only to '>' and
        // '>='.
        if (plan.kind !== 'everything') return;
        expect(got.slice(-expected.length)).to.deep.equal(expected);
        return;
      }
      expect(got.filter((text) => !isGap(text))).to.deep.equal(expected);
      expect(got.filter((text) => isGap(text) && text !== 'no-ids')).to.deep.equal([]);
      // No id was known yet: only then is that gap true.
      if (got.lastIndexOf('no-ids') > 0) expect(got.slice(0, got.lastIndexOf('no-ids')).every(isGap)).to.equal(true);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
