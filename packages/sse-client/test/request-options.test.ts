import { expect } from 'chai';
import { iterate, onEvents } from '../src/events.ts';
import { stage } from './support/scene.ts';
import { until } from './support/until.ts';

describe('the options of a request', () => {
  const scene = stage();

  it('makes every request with the option fetch, called as a plain function', async () => {
    const calls: [self: unknown, url: string, headers: Headers][] = [];
    const at = await scene({
      async fetch(this: unknown, url, init) {
        calls.push([this, url, new Headers(init.headers)]);
        return fetch(url, {
          ...init,
          headers: { ...Object.fromEntries(new Headers(init.headers)), 'x-signed': 'yes' },
        });
      },
    });
    at.stream.connect();
    const first = await at.server.next();
    expect(first.req.headers['x-signed']).to.equal('yes');
    first.open('id: 1\ndata: a\n\n').end();
    await at.until('waiting');
    at.retry();
    expect((await at.server.next()).lastEventId).to.equal('1');
    expect(calls.map(([self, url]) => [self, url])).to.deep.equal(Array(2).fill([undefined, at.server.url]));
  });

  it('reports what the option fetch throws with the code NETWORK and as the cause, also for a relative URL', async () => {
    const cause = new TypeError('no route');
    const at = await scene();
    at.make({ fetch: () => Promise.reject(cause) }, '/relative').connect();
    const { lastError } = await at.until('waiting');
    expect(lastError).to.include({ code: 'NETWORK', cause });
  });

  it('passes the headers of every response to onResponse before its events are delivered', async () => {
    const order: string[] = [];
    const at = await scene({
      onResponse: ({ status, headers, url }) => order.push(`${status} ${headers.get('x-request-id')} ${url}`),
    });
    onEvents(at.stream, (batch) => order.push(...batch.map(({ data }) => data)));
    at.stream.connect();
    (await at.server.next()).answer(503, { 'x-request-id': 'a' });
    await at.until('waiting');
    at.retry();
    (await at.server.next()).open('data: 1\n\n', { 'x-request-id': 'b' });
    await at.received(1);
    expect(order).to.deep.equal([`503 a ${at.server.url}`, `200 b ${at.server.url}`, '1']);
  });

  it('goes on when onResponse throws, and reports that as uncaught', async () => {
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const reported = new Promise((resolve) => process.once('uncaughtException', resolve));
    const cause = new Error('of the page');
    const at = await scene({
      onResponse() {
        throw cause;
      },
    });
    at.stream.connect();
    (await at.server.next()).open('data: 1\n\n');
    await at.received(1);
    expect(await reported).to.equal(cause);
    for (const listener of listeners) process.on('uncaughtException', listener);
  });

  for (const [status, isTemporary, expected] of [
    [404, true, 'waiting'],
    [401, true, 'waiting'],
    [204, true, 'waiting'],
    [500, false, 'closed'],
    [429, false, 'closed'],
    [403, false, 'unauthorized'],
  ] as const)
    it(`has the status ${expected} after ${status} with temporaryStatuses: { ${status}: ${isTemporary} }`, async () => {
      const at = await scene({ temporaryStatuses: { [status]: isTemporary } });
      at.stream.connect();
      (await at.server.next()).answer(status);
      expect((await at.until(expected)).lastError).to.include({ code: 'HTTP_STATUS', status });
    });

  it('applies temporaryStatuses to the status of a refusal', async () => {
    const at = await scene({ temporaryStatuses: { 404: true } });
    at.stream.connect();
    (await at.server.next()).open('event: sse-proxy:refused\ndata: {"status":404,"reason":"x","retryMs":1}\n\n');
    expect((await at.until('refused')).lastError).to.include({ code: 'REFUSED', status: 404 });
  });

  describe('maxRetries', () => {
    it('closes the stream after maxRetries, with the code GAVE_UP and the last error as its cause', async () => {
      const at = await scene({ maxRetries: 2 });
      at.stream.connect();
      for (const status of [500, 501]) {
        (await at.server.next()).answer(status);
        await at.until('waiting');
        at.retry();
      }
      (await at.server.next()).answer(502);
      const { lastError, retryAt } = await at.until('closed');
      expect(lastError!.code).to.equal('GAVE_UP');
      expect(lastError!.message).to.equal(
        'Gave up after 2 retries: The server returned 502. connect() or a reload tries again',
      );
      expect(lastError!.cause).to.include({ code: 'HTTP_STATUS', status: 502 });
      expect(retryAt).to.equal(null);
      expect(at.clock.pending + at.page.listeners).to.equal(0);
      at.stream.connect();
      (await at.server.next()).answer(500);
      expect((await at.until('waiting')).attempt).to.equal(1);
    });

    it('maxRetries does not count attempts before a stable connection, or without a network', async () => {
      const at = await scene({ maxRetries: 1, stableMs: 1_000 });
      at.stream.connect();
      (await at.server.next()).cut();
      await at.until('waiting');
      at.retry();
      const visit = (await at.server.next()).open('data: 1\n\n');
      await at.until('connected');
      at.clock.advance(1_000);
      visit.end();
      expect((await at.until('waiting')).attempt).to.equal(1);
      at.page.navigator.onLine = false;
      for (let time = 0; time < 3; time++) {
        at.retry();
        (await at.server.next()).cut();
        expect((await at.until('waiting')).lastError!.code).to.equal('OFFLINE');
      }
      at.page.navigator.onLine = true;
      at.retry();
      (await at.server.next()).answer(500);
      await at.until('closed');
    });

    it('never retries with maxRetries: 0, and reports a final response as itself', async () => {
      const at = await scene({ maxRetries: 0 });
      at.stream.connect();
      (await at.server.next()).answer(404);
      expect((await at.until('closed')).lastError!.code).to.equal('HTTP_STATUS');
      at.stream.connect();
      (await at.server.next()).answer(500);
      expect((await at.until('closed')).lastError!.code).to.equal('GAVE_UP');
    });
  });

  describe('signal', () => {
    it('closes the stream when its signal is aborted, with the signal’s reason as the cause, after notifying subscribers', async () => {
      const controller = new AbortController();
      const at = await scene({ signal: controller.signal });
      at.stream.connect();
      const visit = (await at.server.next()).open('data: 1\n\n');
      await at.received(1);
      controller.abort('page left');
      expect(at.now.lastError).to.include({ code: 'ABORTED', cause: 'page left' });
      await until(() => visit.isGone);
      expect(at.seen.at(-1)).to.equal('closed');
      expect(at.data).to.deep.equal(['1']);
      expect(at.clock.pending + at.page.listeners).to.equal(0);
      at.stream.connect();
      expect(at.now.status).to.equal('closed');
    });

    it('never connects if its signal has been aborted before, and ends a loop over the stream', async () => {
      const at = await scene({ signal: AbortSignal.abort(), autoConnect: true });
      expect(at.now.status).to.equal('closed');
      for await (const entry of iterate(at.stream)) throw new Error(`unexpected ${entry.kind}`);
      expect(at.server.visits).to.be.empty;
    });

    it('releases the signal when the stream is closed', async () => {
      const controller = new AbortController();
      const at = await scene({ signal: controller.signal });
      at.stream.close();
      controller.abort();
      expect(at.now.status).to.equal('idle');
    });
  });
});

describe('the cause of an error', () => {
  const scene = stage();

  it('the cause of an error is the response where nothing was thrown, so that its headers can be read', async () => {
    const at = await scene();
    at.stream.connect();
    const answers = {
      HTTP_STATUS: (visit: Awaited<ReturnType<typeof at.server.next>>) => visit.answer(502, { 'x-request-id': '7' }),
      NOT_EVENT_STREAM: (visit) => visit.answer(200, { 'content-type': 'text/html', 'x-request-id': '7' }),
      ENDED: (visit) => visit.open('', { 'x-request-id': '7' }).end(),
      REFUSED: (visit) => visit.open('event: sse-proxy:refused\ndata: {}\n\n', { 'x-request-id': '7' }),
      EVENT_TOO_LARGE: (visit) => visit.open(`data: ${'x'.repeat(7_000)}`, { 'x-request-id': '7' }),
    } satisfies Record<string, (visit: Awaited<ReturnType<typeof at.server.next>>) => void>;
    at.stream.setOptions({ maxEventChars: 100 });
    for (const [code, answer] of Object.entries(answers)) {
      answer(await at.server.next());
      await until(() => at.now.lastError?.code === code && at.now.retryAt !== null);
      const cause = at.now.lastError!.cause as Response;
      expect(cause.headers.get('x-request-id'), code).to.equal('7');
      at.retry();
    }
  });

  it('the cause of an error is a TimeoutError for a connection that went silent, and the thrown error for one that broke', async () => {
    const at = await scene({ watchdogMs: 1_000 });
    at.stream.connect();
    const visit = (await at.server.next()).open('data: 1\n\n');
    await at.received(1);
    at.clock.advance(1_100);
    expect(at.now.lastError).to.have.property('code', 'STALLED');
    expect(at.now.lastError!.cause).to.include({ name: 'TimeoutError', message: 'No byte for 1000 ms' });
    visit.end();
    (await at.server.next()).cut();
    expect((await at.until('waiting')).lastError!.cause).to.be.an('error');
    expect(at.now.lastError!.code).to.equal('NETWORK');
  });
});
