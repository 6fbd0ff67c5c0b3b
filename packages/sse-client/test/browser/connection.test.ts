import { expect } from 'chai';
import { needs } from '../../../../test/support/needs.ts';
import { until } from '../support/until.ts';
import { numbers } from './support/numbers.ts';
import { type Site, site } from './support/site.ts';

/** Waits longer than any test: an earlier attempt has another reason. */
const patient = { minDelayMs: 60_000, maxDelayMs: 60_000 };

describe('the connection’s state, in Chromium', () => {
  needs('chromium');
  let stage: Site;
  afterEach(() => stage.close());

  it('shows the reason, the attempt and the next retry of a lost connection, and resumes', async () => {
    stage = await site();
    const tab = await (await stage.tab()).start('/direct', { minDelayMs: 20, maxDelayMs: 100 });
    await tab.untilStatus('connected');
    stage.upstream.send(2);
    await tab.untilLast(2);
    stage.upstream.answer = { status: 503 };
    stage.upstream.cut('id: 3\ndata: ha');
    await until(() => stage.upstream.requests.length > 3);
    stage.upstream.answer = undefined;
    stage.upstream.send(2);
    expect(await tab.untilLast(4)).to.deep.equal(numbers(1, 4));

    const waits = (await tab.seen()).filter(({ status }) => status === 'waiting');
    expect(waits[0]).to.include({ attempt: 1, error: 'NETWORK' });
    expect(waits[1]).to.include({ attempt: 2, error: 'HTTP_STATUS' });
    expect(waits.map(({ attempt }) => attempt)).to.deep.equal(waits.map((_, index) => index + 1));
    for (const { dueInMs } of waits) expect(dueInMs).to.be.a('number').and.at.most(100);
    const { lastError, attempt, retryAt, connectedAt } = await tab.said();
    expect(lastError).to.include({ code: 'HTTP_STATUS', status: 503 });
    expect({ attempt, retryAt }).to.deep.equal({ attempt: waits.length, retryAt: null });
    expect(connectedAt).to.be.a('number');
    expect(new Set(stage.upstream.requests.slice(1))).to.deep.equal(new Set(['2']));
  });

  it('shows the reason and the time of a refusal, and connects at once on retryNow()', async () => {
    stage = await site({ limits: { total: 1 } });
    const first = await (await stage.tab()).start('/sse');
    await first.untilStatus('connected');
    const second = await (await stage.tab()).start('/sse');
    await second.untilStatus('refused');
    const refused = (await second.seen()).at(-1)!;
    expect(refused).to.include({ status: 'refused', error: 'REFUSED', reason: 'limit' });
    expect(refused.dueInMs).to.be.above(4_000);
    await first.call('disconnect');
    await until(() => stage.proxy.stats().open === 0);
    await second.call('retryNow');
    await second.untilStatus('connected');
    stage.upstream.send();
    await second.untilLast(1);
  });

  it('never shows a refusal as connected, and reconnects after it', async () => {
    stage = await site();
    const body = 'event: sse-proxy:refused\nretry: 20\ndata: {"reason":"overload","retryMs":20}\n\n';
    stage.upstream.answer = { status: 200, headers: { 'content-type': 'text/event-stream' }, body };
    const tab = await (await stage.tab()).start('/direct');
    expect(await tab.untilSeen('refused')).to.include({ reason: 'overload' });
    stage.upstream.answer = undefined;
    await tab.untilStatus('connected');
    const statuses = (await tab.seen()).map(({ status }) => status);
    expect(statuses.slice(0, statuses.lastIndexOf('refused'))).not.to.include('connected');
  });

  for (const [code, status] of [
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'closed'],
    [204, 'closed'],
  ] as const) {
    it(`stops on ${code} (${status}) whatever wakes the page, until connect()`, async () => {
      stage = await site();
      stage.upstream.answer = { status: code };
      const tab = await (await stage.tab()).start('/direct');
      expect(await tab.untilStatus(status)).to.include({ retryAt: null });
      await tab.page.evaluate(() => {
        window.dispatchEvent(new Event('online'));
        document.dispatchEvent(new Event('visibilitychange'));
      });
      await tab.call('retryNow');
      stage.upstream.answer = undefined;
      await tab.call('connect');
      await tab.untilStatus('connected');
      expect(stage.upstream.requests).to.have.length(2);
    });
  }

  it('reconnects a connection without heartbeats, and gets what was missed', async () => {
    stage = await site();
    const tab = await (await stage.tab()).start('/direct', { watchdogMs: 300 });
    await tab.untilStatus('connected');
    stage.upstream.send();
    await tab.untilLast(1);
    stage.upstream.isSilent = true;
    stage.upstream.send(2);
    await tab.untilSeen('stalled');
    stage.upstream.isSilent = false;
    await until(() => stage.upstream.requests.length > 1);
    expect(await tab.untilLast(3)).to.deep.equal(numbers(1, 3));
    expect((await tab.said()).lastError).to.include({ code: 'STALLED' });
  });

  it('keeps an idle stream with heartbeats', async () => {
    stage = await site({ heartbeatMs: 100 });
    const tab = await (await stage.tab()).start('/sse', { watchdogMs: 1_000 });
    await tab.untilStatus('connected');
    const before = stage.proxy.stats().bytes;
    // The heartbeats last for three times the watchdog's time.
    await until(() => stage.proxy.stats().bytes >= before + 90);
    expect((await tab.seen()).map(({ status }) => status)).to.not.include('stalled');
    expect(stage.upstream.requests).to.have.length(1);
  });

  it('reports OFFLINE, and reconnects as soon as the network is back', async () => {
    stage = await site();
    const tab = await (await stage.tab()).start('/sse', patient);
    await tab.untilStatus('connected');
    stage.upstream.send();
    await tab.untilLast(1);
    await stage.context.setOffline(true);
    stage.upstream.cut();
    expect((await tab.untilStatus('waiting')).lastError).to.include({ code: 'OFFLINE' });
    stage.upstream.send();
    await stage.context.setOffline(false);
    expect(await tab.untilLast(2)).to.deep.equal(['1', '2']);
  });

  it('reconnects when a page wakes whose connection died during the sleep', async () => {
    stage = await site();
    const tab = await (await stage.tab()).start('/direct', { ...patient, watchdogMs: 1_000 });
    await tab.untilStatus('connected');
    stage.upstream.send();
    await tab.untilLast(1);
    await tab.freeze();
    const slept = Date.now();
    // Half-open: the browser gets no sign that this connection is dead.
    stage.upstream.isSilent = true;
    stage.upstream.send(2);
    await until(() => Date.now() - slept > 1_100);
    stage.upstream.isSilent = false;
    await tab.thaw();
    expect(await tab.untilLast(3)).to.deep.equal(numbers(1, 3));
    expect((await tab.said()).lastError).to.include({ code: 'STALLED' });
  });

  it('receives events in a hidden tab, and connects at once when it is visible again', async () => {
    stage = await site();
    const tab = await stage.tab();
    // In the headless shell every tab is visible: emulate a hidden one.
    const show = (state: 'hidden' | 'visible') =>
      tab.page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, value });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    await tab.page.evaluate(() => {
      window.requestAnimationFrame = () => 0;
    });
    await tab.start('/direct', patient);
    await tab.untilStatus('connected');
    await show('hidden');
    stage.upstream.send(3);
    await tab.page.waitForFunction(() => window.kit.calls > 0 && window.kit.list().length === 3, undefined, {
      polling: 10,
    });
    stage.upstream.cut();
    await tab.untilStatus('waiting');
    stage.upstream.send();
    await show('visible');
    expect(await tab.untilLast(4)).to.deep.equal(numbers(1, 4));
  });
});
