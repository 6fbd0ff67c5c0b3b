import http from 'node:http';
import { createParser } from 'eventsource-parser';
import { streamPath } from '../../examples/datashop/src/demo.ts';

/** Open streams of one session; the BFF admits ten. */
const streamsPerSession = 10;
/** Streams that are opened at the same time. */
const atOnce = 20;

/** What one browser has received. */
interface Browser {
  readonly numbers: number[];
  /** The reason of `sse-proxy:end`. */
  endedBecause?: string;
  ended: boolean;
}

/** Browsers with open streams of one workflow, ten to a session. */
export class Browsers {
  readonly #origin: string;
  readonly #all: Browser[] = [];
  readonly #agent = new http.Agent({ maxSockets: Number.POSITIVE_INFINITY });

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Opens `count` streams. Resolves when each has its response. */
  async open(count: number): Promise<void> {
    const cookies: string[] = [];
    for (let i = 0; i < count / streamsPerSession; i++) cookies.push(await this.#signIn());
    const queue = Array.from({ length: count }, (_, i) => cookies[Math.floor(i / streamsPerSession)] as string);
    const work = async () => {
      for (let cookie = queue.pop(); cookie !== undefined; cookie = queue.pop()) await this.#openOne(cookie);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  /** Browsers whose stream is open. */
  get openCount(): number {
    return this.#all.filter(({ ended }) => !ended).length;
  }

  /** True when each browser has had the message with this number. */
  haveAll(last: number): boolean {
    return this.#all.every(({ numbers }) => numbers.at(-1) === last);
  }

  /**
   * Browsers by what became of them: those with each number from `first` to `last` once, and those with a word at the
   * end.
   */
  tally(first: number, last: number): { complete: number; drained: number } {
    const expected = Array.from({ length: last - first + 1 }, (_, i) => first + i).join();
    return {
      complete: this.#all.filter(({ numbers }) => numbers.join() === expected).length,
      drained: this.#all.filter(({ endedBecause }) => endedBecause === 'draining').length,
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #signIn(): Promise<string> {
    const visit = await fetch(`${this.#origin}/`);
    await visit.body?.cancel();
    return visit.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  }

  #openOne(cookie: string): Promise<void> {
    const browser: Browser = { numbers: [], ended: false };
    this.#all.push(browser);
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event === 'sse-proxy:end') browser.endedBecause = JSON.parse(data).reason;
        const number = /"message":"number (\d+)"/.exec(data)?.[1];
        if (number !== undefined) browser.numbers.push(Number(number));
      },
    });
    return new Promise((resolve, reject) => {
      const headers = { cookie, accept: 'text/event-stream' };
      const request = http.get(`${this.#origin}${streamPath}`, { headers, agent: this.#agent }, (response) => {
        if (response.statusCode !== 200) return reject(new Error(`a stream was refused with ${response.statusCode}`));
        response.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
        response.on('close', () => {
          browser.ended = true;
        });
        resolve();
      });
      request.on('error', (error) => {
        browser.ended = true;
        reject(error);
      });
    });
  }
}
