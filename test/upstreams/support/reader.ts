import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { createParser } from 'eventsource-parser';

/** What a reader received: the number of a log, or a gap event. */
export type Received = number | { gap: string };

/** A browser without a page: one request, its events in order. */
export class Reader {
  readonly received: Received[] = [];
  /** Ids of the received logs; '' for a log without one. */
  readonly ids: string[] = [];
  /** The newest number so far; 0 before the first log. */
  newest = 0;
  /** Set if the stream has ended, which the proxy must not let happen during a short outage. */
  ended: string | undefined;
  readonly #res: IncomingMessage;

  private constructor(res: IncomingMessage, numberOf: (data: string) => number) {
    this.#res = res;
    const parser = createParser({
      onEvent: ({ event, data, id = '' }) => {
        if (event === 'sse-proxy:gap') this.received.push({ gap: JSON.parse(data).reason });
        else if (event === undefined) this.#log(numberOf(data), id);
        else if (event !== 'sse-proxy:upstream') this.ended = `${event} ${data}`;
      },
    });
    res.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
    res.on('error', () => {});
    res.once('close', () => {
      this.ended ??= 'closed';
    });
  }

  /** @param numberOf reads a log's number from an event's data */
  static async open(
    url: string,
    numberOf = (data: string): number => JSON.parse(data).number,
    headers: OutgoingHttpHeaders = {},
  ): Promise<Reader> {
    const req = request(url, { agent: false, headers: { accept: 'text/event-stream', ...headers } }).end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    if (res.statusCode !== 200) throw new Error(`${url} responded ${res.statusCode}`);
    return new Reader(res, numberOf);
  }

  leave(): void {
    this.#res.destroy();
  }

  #log(number: number, id: string): void {
    this.received.push(number);
    this.ids.push(id);
    this.newest = Math.max(this.newest, number);
  }
}

export interface Verdict {
  /** Gap events. */
  gaps: number;
  /** Logs that are missing between two received ones, without a gap event in between. */
  lost: number[];
  /** Logs that are missing where a gap event is. */
  reported: number;
  /** Logs that were received again, or after a newer one. */
  repeated: number[];
}

/** Compares what a reader received with the numbers 1, 2, 3, …; it may begin anywhere. */
export function judge(received: readonly Received[]): Verdict {
  const verdict: Verdict = { gaps: 0, lost: [], reported: 0, repeated: [] };
  let last: number | undefined;
  let gap = false;
  for (const entry of received) {
    if (typeof entry !== 'number') {
      verdict.gaps++;
      gap = true;
      continue;
    }
    const first: number = last ?? entry - 1;
    if (entry <= first) verdict.repeated.push(entry);
    for (let missing = first + 1; missing < entry; missing++) {
      if (gap) verdict.reported++;
      else verdict.lost.push(missing);
    }
    last = Math.max(first, entry);
    gap = false;
  }
  return verdict;
}
