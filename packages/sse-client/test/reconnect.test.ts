import { expect } from 'chai';
import { type Scene, stage } from './support/scene.ts';
import type { Visit } from './support/server.ts';
import { until } from './support/until.ts';

describe('reconnecting', () => {
  const scene = stage();

  async function connect(at: Scene, text = ':\n\n'): Promise<Visit> {
    const visit = (await at.server.next()).open(text);
    await at.until('connected');
    return visit;
  }

  async function lose(at: Scene, visit: Visit): Promise<void> {
    visit.cut();
    await until(() => at.now.status === 'waiting' || at.now.status === 'refused');
  }

  it('the client waits a random time up to min(minDelayMs * 2^n, maxDelayMs)', async () => {
    const at = await scene({ minDelayMs: 100, maxDelayMs: 500 });
    at.stream.connect();
    at.random = 0.999999;
    for (const [retry, most] of [100, 200, 400, 500, 500].entries()) {
      await lose(at, await at.server.next());
      expect(at.now).to.include({ status: 'waiting', attempt: retry + 1 });
      expect(at.now.retryAt! - at.clock.time).to.equal(most);
      at.retry();
      expect(at.now).to.include({ status: 'connecting', retryAt: null, attempt: retry + 1 });
    }
    at.random = 0;
    await lose(at, await at.server.next());
    expect(at.now.retryAt).to.equal(at.clock.time);
  });

  it('the client resets the backoff only after a connection that lasted for stableMs', async () => {
    const at = await scene({ stableMs: 60_000, watchdogMs: false });
    at.stream.connect();
    await lose(at, await connect(at));
    at.retry();
    const second = await connect(at);
    expect(at.now.attempt).to.equal(1);
    at.clock.advance(59_999);
    expect(at.now.attempt).to.equal(1);
    await lose(at, second);
    expect(at.now.attempt).to.equal(2);
    at.retry();
    const third = await connect(at);
    at.clock.advance(60_000);
    expect(at.now).to.include({ status: 'connected', attempt: 0 });
    await lose(at, third);
    expect(at.now.attempt).to.equal(1);
  });

  it('resets the backoff after a connection that lasted through a sleep, when no timer ran', async () => {
    const at = await scene({ stableMs: 60_000, watchdogMs: false });
    at.stream.connect();
    await lose(at, await at.server.next());
    at.retry();
    const visit = await connect(at);
    at.clock.sleep(60_000);
    await lose(at, visit);
    expect(at.now.attempt).to.equal(1);
  });

  it('resets the backoff after a stable connection though the clock was set back', async () => {
    const at = await scene({ stableMs: 60_000, watchdogMs: false });
    at.stream.connect();
    await lose(at, await at.server.next());
    at.retry();
    const visit = await connect(at);
    at.clock.advance(60_000);
    at.clock.time -= 3_600_000;
    await lose(at, visit);
    expect(at.now.attempt).to.equal(1);
  });

  it('resets the backoff when the stream is switched off and on', async () => {
    const at = await scene();
    at.stream.connect();
    await lose(at, await at.server.next());
    at.retry();
    await lose(at, await at.server.next());
    expect(at.now.attempt).to.equal(2);
    at.stream.disconnect();
    at.stream.connect();
    expect(at.now.attempt).to.equal(0);
    await lose(at, await at.server.next());
    expect(at.now.attempt).to.equal(1);
  });

  it('uses retry: as a lower bound with jitter above it, until it changes', async () => {
    const at = await scene({ minDelayMs: 100, maxDelayMs: 1_000 });
    at.stream.connect();
    await lose(at, await connect(at, 'retry: 5000\n\n'));
    expect(at.now.retryAt! - at.clock.time).to.equal(5_000);
    at.random = 0.999999;
    at.retry();
    await lose(at, await at.server.next());
    expect(at.now.retryAt! - at.clock.time).to.equal(6_250);
    at.random = 0;
    at.retry();
    await lose(at, await connect(at, 'retry: 0\n\n'));
    expect(at.now.retryAt).to.equal(at.clock.time);
  });

  it('limits the wait that a server asks for to an hour [R26]', async () => {
    const at = await scene();
    at.stream.connect();
    await lose(at, await connect(at, `retry: 1${'0'.repeat(20)}\n\n`));
    expect(at.now.retryAt! - at.clock.time).to.equal(3_600_000);
  });

  for (const status of [429, 503]) {
    it(`uses the Retry-After of a ${status} as a lower bound, in seconds or as a date`, async () => {
      const at = await scene();
      at.stream.connect();
      (await at.server.next()).answer(status, { 'retry-after': '30' });
      await at.until('waiting');
      expect(at.now.retryAt! - at.clock.time).to.equal(30_000);
      at.retry();
      const date = new Date(at.clock.time + 90_000);
      (await at.server.next()).answer(status, { 'retry-after': date.toUTCString() });
      await until(() => at.now.attempt === 2);
      expect(at.now.retryAt).to.equal(Math.floor(+date / 1000) * 1000);
      at.retry();
      (await at.server.next()).answer(status, { 'retry-after': 'soon' });
      await until(() => at.now.attempt === 3);
      expect(at.now.retryAt).to.equal(at.clock.time);
    });
  }

  it('resumes after the last event when the server ended the stream', async () => {
    const at = await scene();
    at.stream.connect();
    (await connect(at, 'id: 9\ndata: x\n\n')).end();
    const { lastError, connectedAt } = await at.until('waiting');
    expect(lastError).to.include({ code: 'ENDED', message: 'The server ended the stream', at: at.clock.time });
    expect(connectedAt).to.equal(null);
    at.retry();
    const again = await at.server.next();
    expect(again.lastEventId).to.equal('9');
    again.open(':\n\n');
    expect((await at.until('connected')).lastError!.code).to.equal('ENDED');
  });

  it('waits for the retryMs of sse-proxy:end, and reports its reason', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open('event: sse-proxy:end\ndata: {"reason":"draining","retryMs":4000}\n\n');
    const { lastError, retryAt } = await at.until('waiting');
    expect(lastError).to.include({ code: 'ENDED', reason: 'draining' });
    expect(retryAt! - at.clock.time).to.equal(4_000);
    expect(at.data).to.deep.equal([]);
  });

  it('connects at once on retryNow()', async () => {
    const at = await scene({ minDelayMs: 10_000 });
    at.stream.connect();
    at.stream.retryNow();
    await lose(at, await at.server.next());
    at.stream.retryNow();
    expect(at.now).to.include({ status: 'connecting', retryAt: null });
    await connect(at);
    at.stream.retryNow();
    at.clock.advance(10_000);
    expect(at.server.visits).to.have.length(2);
  });

  it('cancels the wait for a retry when the stream is switched off', async () => {
    const at = await scene();
    at.stream.connect();
    await lose(at, await at.server.next());
    at.stream.disconnect();
    expect(at.now).to.include({ status: 'idle', retryAt: null, attempt: 0 });
    expect(at.clock.pending + at.page.listeners).to.equal(0);
    at.stream.retryNow();
    expect(at.now.status).to.equal('idle');
  });
});

describe('a soft refusal', () => {
  const scene = stage();
  const refusal =
    'event: sse-proxy:refused\ndata: {"reason":"too many streams","code":"ERR_SSE_LIMIT","retryMs":7000}\nretry: 7000\n\n';

  it('a soft refusal makes the status refused, with reason and time, and never connected', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open(refusal).end();
    const { lastError, retryAt } = await at.until('refused');
    expect(lastError).to.include({
      code: 'REFUSED',
      reason: 'too many streams',
      message: "The server can't serve this now: too many streams",
    });
    expect(retryAt! - at.clock.time).to.equal(7_000);
    expect(at.data).to.deep.equal([]);
    expect(at.seen).to.deep.equal(['connecting', 'refused']);
    at.retry();
    (await at.server.next()).open('retry: 2000\n\n');
    await at.until('connected');
  });

  it('a soft refusal adds no gap', async () => {
    const at = await scene();
    at.stream.connect();
    const first = (await at.server.next()).open('data: one\n\n');
    await at.received(1);
    first.end();
    await at.until('waiting');
    at.retry();
    (await at.server.next()).open(refusal);
    await at.until('refused');
    expect(at.data).to.deep.equal(['one']);
  });

  it('closes the connection after a refusal though the server does not', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = (await at.server.next()).open(`${refusal}id: 1\ndata: no\n\n`);
    await at.until('refused');
    await until(() => visit.isGone);
    expect(at.now.lastEventId).to.equal('');
    expect(at.data).to.deep.equal([]);
  });

  it('keeps to the wait of a refusal when the page wakes up, but not on retryNow()', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open(refusal);
    await at.until('refused');
    at.clock.advance(6_999);
    at.page.goOnline();
    expect(at.now.status).to.equal('refused');
    at.stream.retryNow();
    expect(at.now.status).to.equal('connecting');
  });

  it('treats a refusal with invalid data as one without a reason', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open('event: sse-proxy:refused\ndata: {\n\n');
    expect((await at.until('refused')).lastError).to.not.have.property('reason');
  });
});
