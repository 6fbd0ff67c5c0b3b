import { expect } from 'chai';
import type { EventStreamOptions } from '../src/index.ts';
import { stage } from './support/scene.ts';
import { until } from './support/until.ts';

describe('the request', () => {
  const scene = stage();

  it('sends a GET for an event stream past the cache, only after connect()', async () => {
    const { stream, server, now } = await scene();
    expect(now.status).to.equal('idle');
    expect(server.visits).to.be.empty;
    stream.connect();
    const { req } = await server.next();
    expect(req.method).to.equal('GET');
    expect(req.headers.accept).to.equal('text/event-stream');
    expect(req.headers['cache-control']).to.equal('no-cache');
    expect(req.headers).to.not.have.property('last-event-id');
    expect(stream.getSnapshot().status).to.equal('connecting');
  });

  it('connects at once with autoConnect', async () => {
    const { server } = await scene({ autoConnect: true });
    await server.next();
  });

  it('calls headers() before every attempt, and overrides its Accept', async () => {
    let asked = 0;
    const at = await scene({ headers: async () => ({ 'X-Attempt': `${++asked}`, Accept: 'text/html' }) });
    at.stream.connect();
    const first = await at.server.next();
    expect(first.req.headers['x-attempt']).to.equal('1');
    expect(first.req.headers.accept).to.equal('text/event-stream');
    first.cut();
    await at.until('waiting');
    at.retry();
    expect((await at.server.next()).req.headers['x-attempt']).to.equal('2');
  });

  it('sends headers that are an object', async () => {
    const { stream, server } = await scene({ headers: { Authorization: 'Bearer x' } });
    stream.connect();
    expect((await server.next()).req.headers.authorization).to.equal('Bearer x');
  });

  const cause = new Error('token=secret');
  for (const [name, headers] of Object.entries({
    rejects: async () => Promise.reject(cause),
    throws: () => {
      throw cause;
    },
    'returns an invalid header name': () => ({ 'bad name': 'x' }),
  }))
    it(`retries when headers() ${name}, with the code HEADERS and the cause, which is not part of the message`, async () => {
      const at = await scene({ headers });
      at.stream.connect();
      const { lastError } = await at.until('waiting');
      expect(lastError).to.include({ code: 'HEADERS', message: 'The request headers failed' });
      if (name === 'returns an invalid header name') expect(lastError!.cause).to.be.an('error');
      else expect(lastError!.cause).to.equal(cause);
      expect(at.server.visits).to.be.empty;
    });

  it('reports a relative URL outside of a page with the code URL and the cause', async () => {
    const at = await scene();
    at.make({}, '/stream').connect();
    const { lastError } = await at.until('waiting');
    expect(lastError!.code).to.equal('URL');
    expect(lastError!.cause).to.be.an('error');
  });

  it('uses the options of setOptions() from the next attempt on', async () => {
    const at = await scene({ headers: { authorization: 'old' }, minDelayMs: 1_000 });
    at.random = 1;
    at.stream.connect();
    const first = await at.server.next();
    expect(first.req.headers.authorization).to.equal('old');
    at.stream.setOptions({ headers: () => ({ authorization: 'new' }), minDelayMs: 3_000, maxEntries: 2 });
    first.open('data: a\n\ndata: b\n\ndata: c\n\n').end();
    const { retryAt, entries } = await at.until('waiting');
    expect(retryAt! - at.clock.time).to.equal(3_000);
    expect(entries).to.have.length(2);
    at.retry();
    expect((await at.server.next()).req.headers.authorization).to.equal('new');
    at.stream.setOptions({});
    expect(() => at.stream.setOptions({ minDelayMs: 0 })).to.throw(TypeError, 'option minDelayMs: expected');
    expect(() => at.stream.setOptions({ persist: false } as never)).to.throw(
      TypeError,
      'option persist: expected one of',
    );
  });

  it('resumes after the lastEventId option', async () => {
    const { stream, server } = await scene({ lastEventId: '41' });
    stream.connect();
    expect((await server.next()).lastEventId).to.equal('41');
  });

  it('sends an id as UTF-8 bytes [R24]', async () => {
    const { stream, server } = await scene({ lastEventId: 'żółw-1' });
    stream.connect();
    expect(Buffer.from((await server.next()).lastEventId!, 'latin1').toString()).to.equal('żółw-1');
  });

  it("sends no id that can't be a header value, or is longer than 4 KiB [R24]", async () => {
    for (const [lastEventId, sent] of [
      ['a\nb', undefined],
      ['x'.repeat(4_097), undefined],
      ['x'.repeat(4_096), 'x'.repeat(4_096)],
    ] as const) {
      const at = await scene({ lastEventId });
      at.stream.connect();
      const visit = await at.server.next();
      expect(visit.lastEventId).to.equal(sent);
      visit.open('data: 1\n\n');
      await at.until('connected');
    }
  });

  it('aborts the request when the stream is switched off before the response', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = await at.server.next();
    at.stream.disconnect();
    await until(() => visit.isGone);
    expect(at.now).to.include({ status: 'idle', retryAt: null, connectedAt: null });
    expect(at.clock.pending).to.equal(0);
  });

  it('aborts the response when the stream is switched off, keeps the events, and resumes after them', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = (await at.server.next()).open('id: 1\ndata: one\n\n');
    await at.received(1);
    at.stream.disconnect();
    await until(() => visit.isGone);
    expect(at.data).to.deep.equal(['one']);
    expect(at.now).to.include({ status: 'idle', lastEventId: '1', connectedAt: null });
    at.stream.connect();
    expect((await at.server.next()).lastEventId).to.equal('1');
  });

  describe('in a browser whose fetch forgets the signal after the request', () => {
    const options = { fetch: (url, { signal: _, ...init }) => fetch(url, init) } satisfies EventStreamOptions;

    it('ends the connection when the stream is switched off, also if fetch ignores its signal after the request', async () => {
      const at = await scene(options);
      at.stream.connect();
      const visit = (await at.server.next()).open('data: one\n\n');
      await at.received(1);
      at.stream.disconnect();
      await until(() => visit.isGone);
    });

    it('ends the connection once it has the response to a stream that was switched off before, also if fetch ignores its signal', async () => {
      const at = await scene(options);
      at.stream.connect();
      const visit = await at.server.next();
      at.stream.disconnect();
      visit.open();
      await until(() => visit.isGone);
      expect(at.now.status).to.equal('idle');
    });

    it('ends the connection of a refusal whose body it has not read to the end, also if fetch ignores its signal', async () => {
      let hasResponse = false;
      const onResponse = () => {
        hasResponse = true;
      };
      const at = await scene({ ...options, onResponse });
      at.stream.connect();
      const visit = await at.server.next();
      visit.res.writeHead(403, { 'content-type': 'application/problem+json' }).write('{');
      await until(() => hasResponse);
      at.stream.disconnect();
      await until(() => visit.isGone);
    });
  });

  it('makes one connection however often connect() is called', async () => {
    const at = await scene();
    at.stream.connect();
    at.stream.connect();
    (await at.server.next()).open(':\n\n');
    await at.until('connected');
    at.stream.connect();
    expect(at.now.status).to.equal('connected');
    expect(at.server.visits).to.have.length(1);
  });
});
