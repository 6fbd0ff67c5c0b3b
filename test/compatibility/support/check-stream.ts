import { deepEqual, equal, match } from 'node:assert/strict';
import { connect } from 'node:net';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { type RawUpstream, rawUpstream } from '../../../packages/sse-proxy/test/support/upstream.ts';
import { type Visit, type VisitOptions, visitHttp1 } from '../../../packages/sse-proxy/test/support/visit.ts';
import { within } from './cell.ts';

/** Opens a stream as a browser that takes compressed responses. */
export const dial = (port: number, options: VisitOptions = {}): Visit =>
  visitHttp1(() => connect(port, '127.0.0.1'), {
    ...options,
    headers: { 'accept-encoding': 'gzip, deflate, br', ...options.headers },
  });

const eventOf = (id: number) => `id: ${id}\ndata: event ${id}\n\n`;

/**
 * Reads events through a proxy. The upstream sends an event only when the browser has the one before, so a buffer
 * anywhere is noticed. Then it breaks, and the next event comes from a second connection, which has to ask for what
 * follows the third.
 * @param open sends the browser's request
 * @throws if a byte of the stream is other than expected
 */
export async function checkStream(upstream: RawUpstream, open: () => Visit): Promise<void> {
  const known = upstream.requests.length;
  const visit = open();
  const reached = async (n: number) => {
    await until(() => upstream.requests.length > known + n || visit.closed());
    const request = upstream.requests[known + n];
    if (!request) throw new Error(`the response ended: ${visit.status()} ${JSON.stringify(visit.body())}`);
    return request;
  };
  try {
    const first = await within('the request reaches the upstream', reached(0));
    first.begin();
    for (const id of [1, 2, 3]) {
      first.send(eventOf(id));
      await within(`event ${id} arrives`, seen(visit, eventOf(id)));
    }
    first.reset();
    const second = await within('the proxy reconnects', reached(1));
    equal(second.headers['last-event-id'], '3');
    second.begin();
    second.send(eventOf(4));
    await within('event 4 arrives', seen(visit, eventOf(4)));
    equal(visit.status(), 200);
    equal(visit.body(), `retry: 2000\n${[1, 2, 3, 4].map(eventOf).join('')}`);
    match(String(visit.headers()['content-type']), /^text\/event-stream/);
    deepEqual([visit.headers()['content-encoding'], visit.headers()['content-length']], [undefined, undefined]);
    visit.leave();
    await within('the upstream connection ends with the browser', until(second.closed));
  } finally {
    visit.leave();
  }
}

async function seen(visit: Visit, text: string): Promise<void> {
  await until(() => visit.body().includes(text) || visit.closed());
  if (!visit.body().includes(text)) throw new Error(`the response ended without ${JSON.stringify(text)}`);
}

/** Runs something with an upstream of its own. */
export async function withUpstream<T>(use: (upstream: RawUpstream) => Promise<T>): Promise<T> {
  const upstream = await rawUpstream();
  try {
    return await use(upstream);
  } finally {
    await upstream.close();
  }
}
