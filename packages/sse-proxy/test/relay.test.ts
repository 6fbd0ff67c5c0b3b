import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { eventLog } from './support/event-log.ts';
import { MemoryLogs } from './support/memory-relay.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };

describe('relayed feed', () => {
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  async function fleet(size: number, options: Partial<SseProxyOptions> = {}) {
    const log = add(await eventLog(), (it) => it.close());
    const logs = new MemoryLogs();
    const start = async () => {
      const relay = logs.instance();
      const proxied = await app({
        target: log.url,
        name: 'logs',
        resume: quick,
        retryMs: false,
        openAfterMs: false,
        ...options,
        share: { lingerMs: 0, relay },
      });
      const open = (id?: string, extra: Record<string, string> = {}) =>
        visit(proxied.port, '/sse', id === undefined ? extra : { 'Last-Event-ID': id, ...extra });
      return { relay, proxied, open };
    };
    type Instance = Awaited<ReturnType<typeof start>>;
    const instances: [Instance, Instance, ...Instance[]] = [await start(), await start()];
    while (instances.length < size) instances.push(await start());
    return { log, logs, instances };
  }

  /** A browser at the first instance, which has `count` events; then one that comes back to the second with an id. */
  async function returned(count: number, id: string) {
    const { log, instances } = await fleet(2);
    const [one, two] = instances;
    const first = await one.open().opened();
    log.emit(count);
    await first.sees(log.event(count));
    const second = two.open(id);
    await second.sees(log.event(count));
    expect(log.requests).to.have.length(1);
    return { log, two, first, second };
  }

  it('reads the upstream over one connection for three instances, and delivers every event to all', async () => {
    const { log, instances } = await fleet(3);
    const browsers = [];
    for (const { open } of instances) {
      browsers.push(open(), open());
      await until(() => log.requests.length > 0);
    }
    await Promise.all(browsers.map((browser) => browser.opened()));
    log.emit(3);
    await until(() => log.open === 1);
    log.emit(3);
    for (const browser of browsers) await browser.sees(log.event(6));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, 6));
    expect(log.open).to.equal(1);
  });

  it('a relayed feed goes on with another instance as the reader when the lease of the first is over', async () => {
    const { log, logs, instances } = await fleet(2);
    const browsers = [];
    for (const { open } of instances) {
      browsers.push(open());
      await browsers.at(-1)?.opened();
    }
    log.emit(2);
    for (const browser of browsers) await browser.sees(log.event(2));
    await until(() => log.open === 1);
    const [first] = instances;
    expect(first?.relay.leads).to.equal(true);
    logs.expireLease();
    log.emit(2);
    for (const browser of browsers) await browser.sees(log.event(4));
    await until(() => log.open === 1 && logs.only.leader);
    log.emit(2);
    for (const browser of browsers) await browser.sees(log.event(6));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, 6));
  });

  it('reads the upstream in each instance while the log is away, and over one connection afterwards', async () => {
    const { log, instances } = await fleet(3);
    const browsers = [];
    for (const { open } of instances) {
      browsers.push(open());
      await browsers.at(-1)?.opened();
    }
    log.emit(2);
    for (const browser of browsers) await browser.sees(log.event(2));
    await until(() => log.open === 1);
    for (const { relay } of instances) relay.isUp = false;
    log.emit(2);
    for (const browser of browsers) await browser.sees(log.event(4));
    expect(log.open).to.equal(3);
    for (const { relay } of instances) relay.isUp = true;
    await log.emitUntilOneReads();
    const last = log.count;
    for (const browser of browsers) await browser.sees(log.event(last));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, last));
  });

  it('serves a browser that returns to another instance from the log', async () => {
    const { log, second } = await returned(5, '2');
    log.emit(1);
    await second.sees(log.event(6));
    expect(second.body()).to.equal(log.events(3, 6));
    expect(log.requests).to.have.length(1);
  });

  it('hands the feed over when the browsers of the reading instance leave', async () => {
    const { log, two, first, second } = await returned(2, '1');
    first.leave();
    await until(() => two.relay.leads && log.open === 1 && log.requests.length === 2);
    log.emit(2);
    await second.sees(log.event(4));
    expect(second.body()).to.equal(log.events(2, 4));
  });

  /** Two instances with a browser each, which have `count` events; the first instance reads the upstream. */
  async function pair(count: number, options: Partial<SseProxyOptions> = {}) {
    const made = await fleet(2, options);
    const [one, two] = made.instances;
    const first = await one.open().opened();
    const second = await two.open().opened();
    made.log.emit(count);
    for (const browser of [first, second]) await browser.sees(made.log.event(count));
    await until(() => made.log.open === 1);
    return { ...made, one, two, first, second };
  }

  it('serves a browser that returns from the log if the ring of its instance does not hold its id', async () => {
    const { log, two } = await returned(5, '4');
    const back = two.open('1');
    await back.sees(log.event(5));
    log.emit(2);
    await back.sees(log.event(7));
    expect(back.body()).to.equal(log.events(2, 7));
    expect(log.requests).to.have.length(1);
    await until(() => two.proxied.proxy.feeds().length === 1);
  });

  it('requests the upstream for a browser whose id the log no longer holds', async () => {
    const { log, logs, two } = await pair(1);
    log.emit(9);
    await until(() => logs.only.entries.length > 2);
    logs.trim(1);
    const requests = log.requests.length;
    const back = two.open('0');
    await back.sees(log.event(10));
    expect(back.body()).to.equal(log.events(1, 10));
    expect(log.requests.length - requests).to.equal(1);
  });

  it('reports a gap to the browsers of all instances, in its place [R34]', async () => {
    const { log, one, two, first, second } = await pair(1, { maxEventBytes: 100 });
    log.send(`data: ${'x'.repeat(200)}\n\n`);
    log.emit(1);
    for (const browser of [first, second]) {
      const body = await browser.sees(log.event(2));
      expect(body.match(/"reason":"event-too-large"/g)).to.have.length(1);
      expect(body.indexOf('event-too-large')).to.be.below(body.indexOf(log.event(2)));
    }
    expect([one, two].map(({ proxied }) => proxied.witness.gaps.length)).to.deep.equal([1, 1]);
    const back = await two.open('1').sees(log.event(2));
    expect(back.match(/"reason":"event-too-large"/g)).to.have.length(1);
  });

  it('reports a lost upstream to the browsers of all instances, also to those that come later [R43]', async () => {
    const { log, one, two, first, second } = await pair(1, { resume: { minDelayMs: 5, maxDelayMs: 20 } });
    log.refusal = 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n';
    log.cut();
    for (const browser of [first, second]) await browser.sees('"state":"lost"');
    expect(two.proxied.proxy.feeds()[0]).to.include({ upstream: 'lost' });
    const late = two.open('1');
    await late.sees('"state":"lost"');
    log.refusal = undefined;
    log.emit(1);
    for (const browser of [first, second, late]) {
      await browser.sees(log.event(2));
      expect(browser.body().match(/"state":"restored"/g)).to.have.length(1);
    }
    expect([one, two].map(({ proxied }) => proxied.proxy.feeds()[0]?.upstream)).to.deep.equal(['open', 'open']);
  });

  for (const [status, told] of [
    ['204 No Content', 'the end'],
    ['403 Forbidden', 'the refusal'],
  ]) {
    it(`ends the streams of all instances when the upstream responds to the reader's resume with ${status} [R46]`, async () => {
      const { log, first, second } = await pair(1);
      log.refusal = `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`;
      log.cut();
      await until(() => first.complete() && second.complete());
      expect(log.requests.at(-1)?.headers['last-event-id'], told).to.equal('1');
      expect(log.open).to.equal(0);
    });
  }

  it('refuses browsers of all instances while the upstream refuses the first request', async () => {
    const { log, instances } = await fleet(2);
    log.refusal = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n';
    const browsers = instances.map(({ open }) => open());
    for (const browser of browsers) {
      await browser.opened();
      expect(browser.status()).to.equal(403);
    }
    log.refusal = undefined;
    const again = await Promise.all(instances.map(({ open }) => open().opened()));
    log.emit(1);
    for (const browser of again) await browser.sees(log.event(1));
  });

  it("calls the hooks of every instance's browsers when the reader reconnects [R51]", async () => {
    const tenants: Record<string, string> = { ann: 'a', bob: 'a' };
    const { log, instances } = await fleet(2, {
      upstreamHeaders: (req) => ({ 'x-tenant': tenants[String(req.headers['x-user'])] ?? '' }),
    });
    const [one, two] = instances;
    const ann = await one.open(undefined, { 'X-User': 'ann' }).opened();
    const bob = await two.open(undefined, { 'X-User': 'bob' }).opened();
    log.emit(1);
    for (const browser of [ann, bob]) await browser.sees(log.event(1));
    await until(() => log.open === 1);
    tenants.bob = 'b';
    log.cut();
    await until(() => log.open === 2);
    expect(log.requests.slice(-2).map(({ headers }) => headers['x-tenant'])).to.have.members(['a', 'b']);
    log.emit(1);
    for (const browser of [ann, bob]) expect(await browser.sees(log.event(2))).to.equal(log.events(1, 2));
  });
});
