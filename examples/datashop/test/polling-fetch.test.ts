import { expect } from 'chai';
import { type PollingOptions, pollingFetch } from '../web/src/stream/state/polling-fetch.ts';

/** A log service with numbered logs, whose stream a test replaces. */
class Service {
  logs = 0;
  /** Requests for the stream: their Last-Event-ID. */
  readonly asked: string[] = [];
  readonly reasons: string[] = [];
  stream: () => Response | Promise<Response> = () => new Response(null, { status: 404 });
  arePagesGone = false;

  readonly options: PollingOptions = {
    page: async (after) => {
      if (this.arePagesGone) throw new Error('no pages');
      const first = after === '' ? this.logs : Number(after);
      const ids = Array.from({ length: this.logs - first }, (_, index) => String(first + index + 1));
      const logs = ids.map((message) => ({ message }));
      return { logs, ids, nextCursor: null, total: ids.length, lastEventId: String(this.logs) };
    },
    onPolling: (why) => this.reasons.push(why),
    fetch: async (_url, init) => {
      this.asked.push(new Headers(init?.headers).get('Last-Event-ID') ?? '');
      return this.stream();
    },
    pollMs: 5,
    silentMs: 40,
    againMs: 30,
  };
}

const eventStream = (body: ReadableStream<Uint8Array> | string) =>
  new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
const silent = () => eventStream(new ReadableStream<Uint8Array>());

/** Reads until the text contains a part. */
async function readUntil(response: Response, part: string): Promise<string> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(part)) break;
  }
  return text;
}

describe('the fetch of the live stream', () => {
  let service: Service;
  let leaving: AbortController;
  const request = (id = '') =>
    pollingFetch(service.options)('/stream', {
      signal: leaving.signal,
      headers: id === '' ? {} : { 'Last-Event-ID': id },
    });
  beforeEach(() => {
    service = new Service();
    leaving = new AbortController();
  });
  afterEach(() => leaving.abort());

  it('the fetch of the stream returns the stream if there is one, and every response that the client handles', async () => {
    service.stream = () => eventStream('id: 1\ndata: x\n\n');
    expect(await (await request()).text()).to.equal('id: 1\ndata: x\n\n');
    for (const status of [401, 403, 429, 503]) {
      service.stream = () => new Response('why', { status });
      const response = await request();
      expect([response.status, await response.text()]).to.deep.equal([status, 'why']);
    }
    expect(service.reasons.every((why) => why === '')).to.equal(true);
  });

  it('polls for the lines behind the last one if the route of the stream is refused for good', async () => {
    service.logs = 7;
    const response = await request('5');
    service.logs = 9;
    const text = await readUntil(response, '"9"');
    expect(text.replaceAll(': nothing new\n\n', '')).to.equal(
      `id: 5\n\n${[6, 7, 8, 9].map((n) => `id: ${n}\ndata: {"message":"${n}"}\n\n`).join('')}`,
    );
    expect(service.reasons).to.deep.equal(['the server responded with 404']);
  });

  it('reports that the log service has deleted lines behind the last one', async () => {
    const { page } = service.options;
    service.options.page = async (...args) => ({ ...(await page(...args)), gap: 'trimmed' });
    const text = await readUntil(await request('1'), 'trimmed');
    expect(text).to.contain('event: sse-proxy:gap\ndata: {"reason":"trimmed"}\n\n');
  });

  it('polling without a last line begins behind all stored lines', async () => {
    service.logs = 3;
    const response = await request();
    service.logs = 4;
    expect((await readUntil(response, '"4"')).replaceAll(': nothing new\n\n', '')).to.equal(
      'id: 3\n\nid: 4\ndata: {"message":"4"}\n\n',
    );
  });

  it('polls after a stream whose bytes or headers do not get through', async () => {
    service.stream = silent;
    const send = pollingFetch(service.options);
    const init = { signal: leaving.signal };
    await (await send('/stream', init)).text().catch(() => {});
    service.logs = 1;
    const response = await send('/stream', { ...init, headers: { 'Last-Event-ID': '0' } });
    expect(await readUntil(response, '"1"')).to.contain('id: 1\n');
    service.options.fetch = (_url, request) =>
      new Promise((_, reject) => request!.signal!.addEventListener('abort', () => reject(new Error('aborted'))));
    expect(await readUntil(await pollingFetch(service.options)('/stream', init), 'id: 1')).to.contain('id: 1\n');
    expect(service.reasons.at(-1)).to.equal('no part of the stream gets through');
  });

  it('polling ends as soon as the stream is available again, which goes on after the last polled line', async () => {
    service.logs = 2;
    const response = await request('1');
    // On a slow machine, the stream is asked for before the first poll too.
    service.stream = () =>
      service.asked.at(-1) === '2' ? eventStream('id: 3\ndata: live\n\n') : new Response(null, { status: 404 });
    const text = await readUntil(response, 'live');
    expect(text).to.match(/^id: 1\n\nid: 2\n.*id: 3\ndata: live\n\n$/s);
    expect(service.reasons).to.deep.equal(['the server responded with 404', '']);
  });

  it('returns the refusal of the stream if the stored lines can’t be fetched either', async () => {
    service.arePagesGone = true;
    expect((await request()).status).to.equal(404);
    expect(service.reasons).to.deep.equal([]);
  });
});
