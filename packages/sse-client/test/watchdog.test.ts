import { expect } from 'chai';
import { type Scene, stage } from './support/scene.ts';
import type { Visit } from './support/server.ts';
import { until } from './support/until.ts';

describe('the watchdog', () => {
  const scene = stage();

  async function connected(options = {}): Promise<{ at: Scene; visit: Visit }> {
    const at = await scene({ watchdogMs: 1_000, ...options });
    at.stream.connect();
    const visit = (await at.server.next()).open('id: 1\ndata: one\n\n');
    await at.until('connected');
    return { at, visit };
  }

  it('the client has the status stalled when the connection is silent, and then reconnects at once', async () => {
    const { at, visit } = await connected({ minDelayMs: 9_000 });
    at.random = 1;
    at.clock.advance(999);
    expect(at.now.status).to.equal('connected');
    at.clock.advance(1);
    expect(at.now.status).to.equal('stalled');
    await Promise.resolve();
    at.clock.advance(50);
    expect(at.now).to.include({ status: 'connecting', attempt: 1, connectedAt: null });
    expect(at.now.lastError).to.include({ code: 'STALLED', message: 'The connection went silent' });
    await until(() => visit.isGone);
    const again = await at.server.next();
    expect(again.lastEventId).to.equal('1');
    again.open(':\n\n');
    await at.until('connected');
    expect(at.seen).to.deep.equal(['connecting', 'connected', 'stalled', 'connecting', 'connected']);
  });

  it('counts every byte as life, also of a comment or an incomplete event [R27]', async () => {
    const { at, visit } = await connected();
    for (const bytes of [':\n\n', 'data: ha', 'lf']) {
      at.clock.advance(900);
      const before = at.clock.pending;
      visit.send(bytes);
      // The byte has arrived once the earlier silence no longer counts.
      await until(() => fed(at));
      expect(at.clock.pending).to.equal(before);
    }
    at.clock.advance(999);
    expect(at.now.status).to.equal('connected');
  });

  /** True if a byte has arrived at the present time: checks the status for a later time. */
  function fed(at: Scene): boolean {
    const { time } = at.clock;
    at.clock.time = time + 999;
    at.page.goOnline();
    at.clock.time = time;
    return at.now.status === 'connected';
  }

  it('continues if bytes arrive while the status is stalled', async () => {
    const { at, visit } = await connected();
    at.clock.advance(1_000);
    expect(at.now.status).to.equal('stalled');
    visit.send(':\n\n');
    await at.until('connected');
    at.clock.advance(999);
    expect(at.now).to.include({ status: 'connected', lastError: null });
    at.clock.advance(1);
    expect(at.now.status).to.equal('stalled');
    expect(at.server.visits).to.have.length(1);
  });

  it('counts an unanswered request as silence, and retries it with backoff', async () => {
    const at = await scene({ watchdogMs: 1_000, minDelayMs: 100 });
    at.stream.connect();
    at.random = 0.5;
    const visit = await at.server.next();
    at.clock.advance(1_050);
    expect(at.now).to.include({ status: 'waiting', attempt: 1, retryAt: at.clock.time + 50 });
    expect(at.now.lastError).to.include({ code: 'STALLED', message: 'The server did not respond' });
    await until(() => visit.isGone);
    expect(at.seen).to.not.include('stalled');
  });

  it('counts headers() that never resolve as silence', async () => {
    const at = await scene({ watchdogMs: 1_000, headers: () => new Promise(() => {}) });
    at.stream.connect();
    at.clock.advance(1_050);
    expect(at.now.lastError!.code).to.equal('STALLED');
  });

  it('the status is never stalled with watchdogMs: false', async () => {
    const { at } = await connected({ watchdogMs: false });
    at.clock.advance(86_400_000);
    at.page.goOnline();
    expect(at.now.status).to.equal('connected');
  });

  it('notices a sleep by the clock, though timers stood still', async () => {
    const { at } = await connected();
    at.clock.sleep(5_000);
    expect(at.now.status).to.equal('connected');
    at.clock.advance(250);
    expect(at.now.status).to.equal('stalled');
  });

  it('tolerates a clock that is set forward or back [R44]', async () => {
    const { at } = await connected();
    at.clock.time -= 3_600_000;
    at.clock.sleep(0);
    at.page.goOnline();
    at.clock.advance(999);
    expect(at.now.status).to.equal('connected');
    at.page.goOnline();
    at.clock.advance(1);
    at.page.goOnline();
    expect(at.now.status).to.equal('stalled');
  });
});

describe('a page that wakes up', () => {
  const scene = stage();
  const ways: [string, (at: Scene) => void][] = [
    ['is online again', (at) => at.page.goOnline()],
    ['is visible again', (at) => at.page.turn('visible')],
    ['comes back from the back/forward cache', (at) => at.page.show(true)],
  ];

  for (const [name, wake] of ways) {
    it(`connects at once when the page ${name}`, async () => {
      const at = await scene({ minDelayMs: 10_000 });
      at.random = 1;
      at.stream.connect();
      (await at.server.next()).open('retry: 5000\n\n').end();
      await at.until('waiting');
      wake(at);
      expect(at.now).to.include({ status: 'connecting', retryAt: null });
      (await at.server.next()).open(':\n\n');
      await at.until('connected');
      at.clock.advance(10_000);
      wake(at);
      expect(at.server.visits).to.have.length(2);
    });

    it(`reconnects at once when the page ${name} after too long a silence`, async () => {
      const at = await scene({ watchdogMs: 1_000 });
      at.stream.connect();
      (await at.server.next()).open(':\n\n');
      await at.until('connected');
      at.clock.sleep(1_000);
      wake(at);
      expect(at.now.status).to.equal('stalled');
      at.clock.advance(50);
      expect(at.now.status).to.equal('connecting');
    });

    it(`waits for Retry-After when the page ${name}`, async () => {
      const at = await scene();
      at.stream.connect();
      (await at.server.next()).answer(503, { 'retry-after': '60' });
      await at.until('waiting');
      at.clock.sleep(59_999);
      wake(at);
      expect(at.now.status).to.equal('waiting');
      at.clock.sleep(1);
      wake(at);
      expect(at.now.status).to.equal('connecting');
    });
  }

  it('the client does not connect when the page is hidden, or shown for the first time', async () => {
    const at = await scene();
    at.random = 1;
    at.stream.connect();
    (await at.server.next()).cut();
    await at.until('waiting');
    at.page.turn('hidden');
    at.page.show(false);
    expect(at.now.status).to.equal('waiting');
  });
});

describe('a device that says it is offline', () => {
  const scene = stage();

  it('retries every maxDelayMs while offline, without counting attempts, and at once when online', async () => {
    const at = await scene({ maxDelayMs: 8_000 });
    at.page.navigator.onLine = false;
    at.stream.connect();
    for (let time = 0; time < 3; time++) {
      (await at.server.next()).cut();
      const { lastError, retryAt, attempt } = await at.until('waiting');
      expect(lastError).to.include({ code: 'OFFLINE', message: 'This device is offline' });
      expect(retryAt! - at.clock.time).to.equal(8_000);
      expect(attempt).to.equal(1);
      at.retry();
    }
    (await at.server.next()).cut();
    await at.until('waiting');
    at.page.goOnline();
    expect(at.now.status).to.equal('connecting');
  });

  it('connects although the device reports that it is offline', async () => {
    const at = await scene();
    at.page.navigator.onLine = false;
    at.stream.connect();
    (await at.server.next()).open('data: x\n\n');
    await at.received(1);
    expect(at.now.status).to.equal('connected');
  });

  it("reports the server's status, not OFFLINE, when a server responded", async () => {
    const at = await scene();
    at.page.navigator.onLine = false;
    at.stream.connect();
    (await at.server.next()).answer(503);
    expect((await at.until('waiting')).lastError!.code).to.equal('HTTP_STATUS');
  });
});
