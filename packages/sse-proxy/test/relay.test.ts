import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { eventLog } from './support/event-log.ts';
import { MemoryLogs, type MemoryRelay } from './support/memory-relay.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };

describe('relayed feed', () => {
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  async function fleet(size: number, share: Exclude<SseProxyOptions['share'], boolean | undefined> = {}) {
    const log = add(await eventLog(), (it) => it.close());
    const logs = new MemoryLogs();
    const instances = [];
    for (let i = 0; i < size; i++) {
      const relay: MemoryRelay = logs.instance();
      const proxied = await app({
        target: log.url,
        name: 'logs',
        resume: quick,
        retryMs: false,
        openAfterMs: false,
        share: { lingerMs: 0, ...share, relay },
      });
      const open = (id?: string) => visit(proxied.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id });
      instances.push({ relay, proxied, open, stats: () => proxied.proxy.stats() });
    }
    return { log, logs, instances };
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

  it('goes on with another instance as the reader when the lease of the first is over', async () => {
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
    await until(() => {
      log.emit(1);
      return log.open === 1;
    });
    log.emit(1);
    const last = log.count;
    for (const browser of browsers) await browser.sees(log.event(last));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, last));
  });

  it('serves a browser that returns to another instance from the log', async () => {
    const { log, instances } = await fleet(2);
    const [one, two] = instances as [(typeof instances)[0], (typeof instances)[0]];
    const first = one.open();
    await first.opened();
    log.emit(5);
    await first.sees(log.event(5));
    const second = two.open('2');
    await second.sees(log.event(5));
    log.emit(1);
    await second.sees(log.event(6));
    expect(second.body()).to.equal(log.events(3, 6));
    expect(log.requests).to.have.length(1);
  });

  it('hands the feed over when the browsers of the reading instance leave', async () => {
    const { log, instances } = await fleet(2);
    const [one, two] = instances as [(typeof instances)[0], (typeof instances)[0]];
    const first = one.open();
    await first.opened();
    log.emit(2);
    await first.sees(log.event(2));
    const second = two.open('1');
    await second.sees(log.event(2));
    expect(log.requests).to.have.length(1);
    first.leave();
    await until(() => two.relay.leads && log.open === 1 && log.requests.length === 2);
    log.emit(2);
    await second.sees(log.event(4));
    expect(second.body()).to.equal(log.events(2, 4));
  });
});
