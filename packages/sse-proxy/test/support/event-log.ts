import { until } from './until.ts';
import { rawUpstream, type UpstreamRequestSeen } from './upstream.ts';

/** What {@link eventLog} returns. */
export type EventLog = Awaited<ReturnType<typeof eventLog>>;

const bytesOf = (n: number) => `id: ${n}\ndata: ${n}\n\n`;

/**
 * A real upstream of numbered events that resumes as asked by Last-Event-ID. A request without one gets what comes from
 * then on.
 */
export async function eventLog() {
  const live = new Set<UpstreamRequestSeen>();
  let count = 0;
  const upstream = await rawUpstream((request) => {
    if (log.refusal) return request.raw(log.refusal);
    request.begin();
    const from = Number(request.headers['last-event-id'] ?? count);
    if (from < count) request.send(events(from + 1, count));
    live.add(request);
    request.socket.on('close', () => live.delete(request));
  });
  const events = (first: number, last: number) => {
    let text = '';
    for (let n = first; n <= last; n++) text += bytesOf(n);
    return text;
  };
  const log = {
    /** The response to every request, if it is set. */
    refusal: undefined as string | undefined,
    url: upstream.url,
    requests: upstream.requests,
    /** Number of events so far. */
    get count() {
      return count;
    },
    /** Connections open now. */
    get open() {
      return live.size;
    },
    event: bytesOf,
    /** The bytes of a range of events. */
    events,
    /** Sends the next events, each alone. */
    emit(number: number) {
      for (let i = 0; i < number; i++) {
        count++;
        for (const request of live) request.send(bytesOf(count));
      }
    },
    /** Emits an event every 20 ms until only one connection is open, and one event more. */
    async emitUntilOneReads() {
      const flow = setInterval(() => log.emit(1), 20);
      try {
        await until(() => live.size === 1);
      } finally {
        clearInterval(flow);
      }
      log.emit(1);
    },
    /** Sends bytes that are no event of the log. */
    send(bytes: string) {
      for (const request of live) request.send(bytes);
    },
    /** Ends all responses. */
    end() {
      for (const request of live) request.end();
    },
    /** Breaks all connections. */
    cut() {
      for (const request of live) request.reset();
    },
    close: () => upstream.close(),
  };
  return log;
}
