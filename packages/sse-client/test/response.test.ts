import { expect } from 'chai';
import { stage } from './support/scene.ts';
import { until } from './support/until.ts';

const problem = { 'content-type': 'application/problem+json; charset=utf-8' };

describe('the response', () => {
  const scene = stage();

  for (const status of [204, 400, 402, 404, 405, 406, 410, 418, 422, 431, 451]) {
    it(`closes the stream on ${status} until connect() [R1]`, async () => {
      const at = await scene();
      at.stream.connect();
      (await at.server.next()).answer(status);
      const { lastError, retryAt, attempt } = await at.until('closed');
      expect(lastError).to.deep.include({ code: 'HTTP_STATUS', status, message: `The server returned ${status}` });
      expect(retryAt).to.equal(null);
      expect(attempt).to.equal(0);
      expect(at.clock.pending).to.equal(0);
      at.stream.retryNow();
      at.page.goOnline();
      expect(at.now.status).to.equal('closed');
      at.stream.connect();
      expect(at.now).to.include({ status: 'connecting', lastError: null });
      (await at.server.next()).open(':\n\n');
      await at.until('connected');
    });
  }

  for (const status of [401, 403]) {
    it(`has the status unauthorized on ${status} until connect()`, async () => {
      const at = await scene();
      at.stream.connect();
      (await at.server.next()).answer(status);
      expect((await at.until('unauthorized')).lastError).to.include({ code: 'HTTP_STATUS', status });
      expect(at.clock.pending + at.page.listeners).to.equal(0);
      at.stream.connect();
      (await at.server.next()).open(':\n\n');
      await at.until('connected');
      expect(at.page.listeners).to.equal(3);
    });
  }

  for (const status of [408, 425, 429, 500, 502, 503, 504, 205, 304]) {
    it(`retries on ${status}`, async () => {
      const at = await scene();
      at.stream.connect();
      (await at.server.next()).answer(status);
      expect((await at.until('waiting')).lastError).to.include({ code: 'HTTP_STATUS', status });
      expect(at.now.retryAt).to.be.at.least(at.clock.time);
      at.retry();
      (await at.server.next()).open(':\n\n');
      await at.until('connected');
    });
  }

  for (const [what, headers] of [
    ['HTML', { 'content-type': 'text/html' }],
    ['something like an event stream', { 'content-type': 'text/event-stream-x' }],
    ['something without a type', {}],
  ] as const) {
    it(`aborts and retries a 200 with ${what}`, async () => {
      const at = await scene();
      at.stream.connect();
      const visit = await at.server.next();
      visit.res.writeHead(200, headers).write('data: not ours\n\n');
      expect((await at.until('waiting')).lastError).to.include({ code: 'NOT_EVENT_STREAM', status: 200 });
      expect(at.data).to.deep.equal([]);
      await until(() => visit.isGone);
    });
  }

  it('accepts an event stream whatever the parameters and the case of its type [R1]', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open('data: 1\n\n', { 'content-type': ' Text/Event-Stream ; charset=UTF-8' });
    await at.until('connected');
  });

  it("follows a redirect to another stream, and asks 'signed out?' after one to a page", async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).answer(302, { location: '/elsewhere' });
    const second = await at.server.next();
    expect(second.req.url).to.equal('/elsewhere');
    second.answer(200, { 'content-type': 'text/html' }, '<form>');
    const { lastError } = await at.until('waiting');
    expect(lastError!.code).to.equal('NOT_EVENT_STREAM');
    expect(lastError!.message).to.include('signed out?');
  });

  for (const [body, reason] of [
    [{ title: 'Too many streams', detail: 'Ten are open' }, 'Too many streams'],
    [{ detail: 'Ten are open' }, 'Ten are open'],
    [{ title: 7 }, undefined],
    [null, undefined],
  ] as const) {
    it(`reads the reason ${reason} from the problem ${JSON.stringify(body)}`, async () => {
      const at = await scene();
      at.stream.connect();
      (await at.server.next()).answer(409, problem, JSON.stringify(body));
      const { lastError } = await at.until('closed');
      expect(lastError!.reason).to.equal(reason);
      expect(lastError!.message).to.equal(`The server returned 409${reason ? `: ${reason}` : ''}`);
    });
  }

  it('reads a problem document as UTF-8 wherever its chunks are cut', async () => {
    const at = await scene();
    at.stream.connect();
    const { res } = await at.server.next();
    const body = Buffer.from('{"title":"Zu viele Str\u00f6me"}');
    const cut = body.indexOf(0xc3) + 1;
    res.writeHead(409, problem).write(body.subarray(0, cut));
    res.end(body.subarray(cut));
    expect((await at.until('closed')).lastError!.reason).to.equal('Zu viele Ströme');
  });

  it('reads no reason from another or a broken document', async () => {
    const at = await scene();
    for (const [type, body] of [
      ['text/plain', '{"title":"x"}'],
      ['application/problem+json', '{"title":'],
    ] as const) {
      at.stream.connect();
      (await at.server.next()).answer(404, { 'content-type': type }, body);
      expect((await at.until('closed')).lastError!.reason).to.equal(undefined);
    }
  });

  it('stops reading an endless problem document, and cuts a long title', async () => {
    const at = await scene();
    at.stream.connect();
    const endless = await at.server.next();
    endless.res.writeHead(404, problem).write(`{"title":"${'x'.repeat(20_000)}`);
    await at.until('closed');
    await until(() => endless.isGone);
    at.stream.connect();
    (await at.server.next()).answer(404, problem, JSON.stringify({ title: 'y'.repeat(1_000) }));
    await at.until('closed');
    expect(at.now.lastError!.reason).to.equal('y'.repeat(200));
  });

  it('reports NETWORK for a response that is no HTTP, and for none', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).res.socket!.end('nonsense\r\n\r\n');
    expect((await at.until('waiting')).lastError).to.include({ code: 'NETWORK', message: 'The connection failed' });
    at.retry();
    (await at.server.next()).cut();
    await until(() => at.now.attempt === 2);
    expect(at.now.lastError!.code).to.equal('NETWORK');
  });
});
