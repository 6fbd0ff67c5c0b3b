import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import type { RawBrowser } from './support/browser.ts';
import { MemoryLogs } from './support/memory-relay.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

const quick = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };
const event = (name: string) => `data: ${name}\n\n`;

/** The ids and the data of the events in a body, and the reasons of gaps, in order. */
function read(body: string): string[] {
  const frames = [...body.matchAll(/id: (\S+)\ndata: (\w+)\n\n|"reason":"([\w-]+)"/g)];
  return frames.map(([, id, data, reason]) => reason ?? `${id} ${data}`);
}
const idOf = (browser: RawBrowser, data: string) =>
  read(browser.body())
    .find((it) => it.endsWith(` ${data}`))
    ?.split(' ')[0] ?? '';

describe("share: { ids: 'assign' } with a relay, for an upstream without ids", () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  async function fleet(size: number, options: Partial<SseProxyOptions['share'] & object> = {}) {
    const live = new Set<UpstreamRequestSeen>();
    const up = await upstream((request) => {
      request.begin();
      live.add(request);
      request.socket.on('close', () => live.delete(request));
    });
    const logs = new MemoryLogs();
    const start = async () => {
      const relay = logs.instance();
      const share = { ids: 'assign', join: 'live', lingerMs: 0, ...options, relay } as const;
      const proxied = await app({
        target: up.url,
        name: 'logs',
        resume: quick,
        retryMs: false,
        openAfterMs: false,
        share,
      });
      const open = (id?: string) => visit(proxied.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id });
      return { relay, proxied, open };
    };
    const instances = [];
    while (instances.length < size) instances.push(await start());
    const send = (text: string) => {
      for (const request of live) request.send(text);
    };
    const one = instances[0] as (typeof instances)[0];
    const two = instances[1] as (typeof instances)[0];
    return { up, live, logs, start, instances, one, two, send };
  }

  /** A browser at each instance, which have the events a and b. */
  async function flowing(size = 2, options = {}) {
    const made = await fleet(size, options);
    const browsers: RawBrowser[] = [];
    for (const { open } of made.instances) {
      browsers.push(await open().opened());
      await until(() => made.live.size > 0);
    }
    made.send(event('a'));
    made.send(event('b'));
    for (const browser of browsers) await browser.sees(event('b'));
    const [first, second] = browsers as [RawBrowser, RawBrowser];
    return { ...made, browsers, first, second };
  }

  it('gives an event the same id in all instances', async () => {
    const { browsers, first, send } = await flowing(3);
    send(`${event('c')}: a comment\n\n${event('d')}`);
    for (const browser of browsers) await browser.sees(event('d'));
    const all = read(first.body());
    expect(all.map((it) => it.replace(/^[0-9a-f]{8}-/, ''))).to.deep.equal(['1 a', '2 b', '3 c', '4 d']);
    for (const browser of browsers) expect(read(browser.body())).to.deep.equal(all);
  });

  it('serves a browser that returns to another instance without a gap and without another upstream request', async () => {
    const { up, first, two } = await flowing();
    const back = await two.open(idOf(first, 'a')).sees(event('b'));
    expect(read(back)).to.deep.equal(read(first.body()).slice(1));
    expect(up.requests).to.have.length(1);
  });

  it('serves browsers that return to an instance which was started later, each at its id', async () => {
    const { up, first, start, send } = await flowing();
    const three = await start();
    const returned = ['b', 'a'].map((data) => three.open(idOf(first, data)));
    await (returned[1] as RawBrowser).sees(event('b'));
    send(event('c'));
    for (const browser of [first, ...returned]) await browser.sees(event('c'));
    const all = read(first.body());
    expect(returned.map((browser) => read(browser.body()))).to.deep.equal([all.slice(2), all.slice(1)]);
    expect(up.requests).to.have.length(1);
    await until(() => three.proxied.proxy.feeds().length === 1);
  });

  it('sends a gap to all browsers when another instance becomes the reader, and in its place to those that return later', async () => {
    const { first, second, one, two, live, send } = await flowing();
    expect(one.relay.leads).to.equal(true);
    first.leave();
    await until(() => two.relay.leads && live.size === 1);
    send(event('c'));
    await second.sees(event('c'));
    const all = read(second.body());
    expect(all.map((it) => it.replace(/^.*-/, ''))).to.deep.equal(['1 a', '2 b', 'ids', '1 c']);
    const [epoch, next] = [0, 3].map((at) => all[at]?.split('-')[0]);
    expect(next).to.not.equal(epoch);
    const back = await one.open(idOf(second, 'a')).sees(event('c'));
    expect(read(back)).to.deep.equal(all.slice(1));
  });

  it('serves a browser that returns after a restart of all instances from the log, then sends it the gap', async () => {
    const { first, second, instances, start, live, send } = await flowing();
    for (const browser of [first, second]) browser.leave();
    for (const { proxied } of instances) await proxied.proxy.close();
    const fresh = await start();
    const back = fresh.open(idOf(first, 'a'));
    await back.sees(event('b'));
    await until(() => fresh.relay.leads && live.size === 1);
    send(event('c'));
    await back.sees(event('c'));
    expect(read(back.body()).map((it) => it.replace(/^.*-/, ''))).to.deep.equal(['2 b', 'ids', '1 c']);
  });

  it('sends a gap to a browser with an id that one instance gave while it read alone', async () => {
    const { first, second, one, two, instances, live, send } = await flowing();
    for (const { relay } of instances) relay.isUp = false;
    await until(() => live.size === 2);
    send(event('c'));
    for (const browser of [first, second]) await browser.sees(event('c'));
    const [own, other] = [first, second].map((browser) => idOf(browser, 'c')) as [string, string];
    expect(own).to.not.equal(other);
    expect(read(await one.open(idOf(first, 'b')).sees(event('c')))).to.deep.equal([`${own} c`]);
    const lost = await one.open(other).sees(event('c'));
    expect(read(lost)[0]).to.equal('unknown-id');
    for (const { relay } of instances) relay.isUp = true;
    await until(() => one.relay.leads || two.relay.leads);
    expect(read(await two.open(own).sees('unknown-id'))[0]).to.equal('unknown-id');
  });

  it('gives other ids after the log was lost, and sends a gap to a browser with an id that no instance holds', async () => {
    const { browsers, first, two, logs, send } = await flowing(2, { replay: { maxEvents: 1 } });
    const old = idOf(first, 'a');
    send(event('c'));
    for (const browser of browsers) await browser.sees(event('c'));
    logs.clear();
    send(event('d'));
    await first.sees(event('d'));
    const back = await two.open(old).sees('unknown-id');
    expect(read(back)[0]).to.equal('unknown-id');
    const ids = read(first.body()).map((it) => it.split(' ')[0]);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  for (const waits of [false, true])
    it(`numbers events before share.transform drops some (${waits ? 'with' : 'without'} a promise)`, async () => {
      const transform = (given: { data: string }) => {
        const result = given.data === 'b' ? null : given;
        return waits ? Promise.resolve(result) : result;
      };
      const { logs, one, two, live, send } = await fleet(2, { transform });
      const browsers = [await one.open().opened(), await two.open().opened()];
      await until(() => live.size === 1 && logs.only.hasStarted);
      send(`${event('a')}${event('b')}${event('c')}`);
      for (const browser of browsers) {
        const body = await browser.sees(event('c'));
        expect(read(body).map((it) => it.replace(/^.*-/, ''))).to.deep.equal(['1 a', '3 c']);
      }
    });
});
