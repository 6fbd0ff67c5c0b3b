import { readOptions } from '../../src/config/options.ts';
import { SseProxyError } from '../../src/errors.ts';
import { Feed } from '../../src/feed/feed.ts';
import type { FeedHandler, FeedListener, Gap } from '../../src/feed/feed-parts.ts';
import { Ticker } from '../../src/lifecycle/ticker.ts';
import { parseEvent } from '../../src/sse/events.ts';
import type { CloseReason, SseProxyOptions } from '../../src/types.ts';
import { TokenBackoff } from '../../src/upstream/token-backoff.ts';
import type { Upstream, UpstreamConnection, UpstreamHandler, UpstreamRequest } from '../../src/upstream/upstream.ts';
import { clock } from './clock.ts';
import { settle } from './registry.ts';

const address = { origin: 'http://upstream', path: '/' };

/** An upstream that does only what the test calls. */
export class ScriptedUpstream implements Upstream {
  readonly tokenBackoff = new TokenBackoff();
  readonly connections = 0;
  readonly requests: UpstreamRequest[] = [];
  readonly #open: { events: UpstreamHandler; paused: boolean; over: boolean }[] = [];

  open(request: UpstreamRequest, events: UpstreamHandler): UpstreamConnection {
    const connection = { events, paused: false, over: false };
    this.requests.push(request);
    this.#open.push(connection);
    return {
      pause() {
        connection.paused = true;
      },
      resume() {
        connection.paused = false;
      },
      abort() {
        connection.over = true;
      },
    };
  }

  /** The newest connection. */
  last(): { readonly events: UpstreamHandler; readonly paused: boolean; over: boolean } {
    const last = this.#open.at(-1);
    if (!last) throw new Error('no request yet');
    return last;
  }

  /** Connections that are not over. */
  live(): number {
    return this.#open.filter(({ over }) => !over).length;
  }
}

type Resume = Exclude<SseProxyOptions['resume'], undefined>;

/** A feed on a scripted upstream, with a record of all its calls. For tests that turn the clock. */
export function feedWith(resume: Resume, options: Partial<SseProxyOptions> & { cursor?: string } = {}) {
  const upstream = new ScriptedUpstream();
  const { cursor = '', ...rest } = options;
  const config = readOptions({ target: address.origin, resume, ...rest });
  const parts: Buffer[] = [];
  const overs: [CloseReason, SseProxyError | undefined][] = [];
  const gaps: Gap[] = [];
  const losses: [code: string, attempts: number][] = [];
  const resumes: [attempts: number, outageMs: number][] = [];
  const events: boolean[] = [];
  const states: string[] = [];
  let chunks = 0;
  const handler: FeedHandler = {
    needsIds: true,
    browsers: 1,
    onFrames(buffer, start, end, count) {
      parts.push(Buffer.from(buffer.subarray(start, end)));
      events.push(count > 0);
      return true;
    },
    onChunkEnd: () => void chunks++,
    onControlEvent(bytes) {
      const { event, data } = parseEvent(bytes);
      if (event === 'sse-proxy:upstream') states.push(JSON.parse(data).state);
      else parts.push(Buffer.from(`(${JSON.parse(data).reason})`));
    },
    onEnd: (reason, error) => void overs.push([reason, error]),
  };
  const feedListener: FeedListener = {
    onUpstreamLost: (error, attempts) => void losses.push([error.code, attempts]),
    onGap: (gap) => void gaps.push(gap),
    onResume: (attempts, outageMs) => void resumes.push([attempts, outageMs]),
  };
  const ticker = new Ticker(config.tickMs);
  const it = {
    upstream,
    overs,
    gaps,
    losses,
    resumes,
    events,
    /** The states of `sse-proxy:upstream` events. */
    states,
    ticker,
    /** Resolves with the header fields of the next request. */
    preparing: async (): Promise<string[]> => [],
    feed: undefined as unknown as Feed,
    chunks: () => chunks,
    /** All frames as one byte string; gaps in brackets. */
    text: () => Buffer.concat(parts).toString('latin1'),
    /** The first connection. */
    open: async () => {
      const opening = it.feed.connect({ address, headers: [] });
      upstream.last().events.onHeaders({});
      await opening;
    },
    send: (bytes: string) => upstream.last().events.onData(Buffer.from(bytes, 'latin1')),
    end: () => over((events) => events.onComplete()),
    break: () => over((events) => events.onError(new SseProxyError('ERR_SSE_UPSTREAM_BROKEN'))),
    refuse: (error: SseProxyError) => over((events) => events.onError(error)),
    /** Turns the clock; if an attempt is due, its request is there afterwards. */
    attempt: async (ms: number) => {
      clock.tick(ms);
      await settle();
    },
    /** Turns the clock to the next attempt, which succeeds. */
    reopen: async (ms: number) => {
      await it.attempt(ms);
      upstream.last().events.onHeaders({});
    },
  };
  const over = (how: (events: UpstreamHandler) => void) => {
    const last = upstream.last();
    // As with the real upstream, no callback follows an abort.
    if (last.over) return;
    last.over = true;
    how(last.events);
  };
  const prepare = async () => ({ address, headers: await it.preparing() });
  it.feed = new Feed({
    upstream,
    ticker,
    config,
    cursor,
    prepare,
    assignIds: false,
    handler,
    feedListener,
    retainFrames: true,
  });
  return it;
}
