import { Feed } from '../../src/feed/feed.ts';
import type { Ticker } from '../../src/lifecycle/ticker.ts';
import { createUpstream } from '../../src/upstream/upstream.ts';

const upstream = createUpstream({ connectTimeoutMs: 5_000, headersTimeoutMs: 5_000, dispatcher: undefined });

/** A feed of a real upstream, without a browser. It is not resumed. */
export class BareFeed {
  /** The frames that it delivered. */
  readonly got: string[] = [];
  hasEnded = false;
  readonly #feed: Feed;

  constructor(ticker: Ticker, idleTimeoutMs: number, idleTimeoutIsSet: boolean) {
    this.#feed = new Feed({
      upstream,
      ticker,
      config: {
        idleTimeoutMs,
        idleTimeoutIsSet,
        maxEventBytes: 1_000,
        openAfterMs: false,
        resume: false,
        retryMs: 2_000,
      },
      cursor: '',
      assignIds: false,
      prepare: () => Promise.reject(new Error('not resumed')),
      retainFrames: true,
      feedListener: { onGap() {}, onResume() {}, onUpstreamLost() {} },
      handler: {
        needsIds: true,
        browsers: 1,
        onFrames: (buffer, start, end) => this.got.push(String(buffer.subarray(start, end))) > 0,
        onChunkEnd() {},
        onControlEvent() {},
        onEnd: () => {
          this.hasEnded = true;
        },
      },
    });
  }

  async connect(port: number, path = '/'): Promise<void> {
    await this.#feed.connect({ address: { origin: `http://127.0.0.1:${port}`, path }, headers: [] });
  }

  onTick(): void {
    this.#feed.onTick();
  }

  close(): void {
    this.#feed.close();
  }
}
