import { expect } from 'chai';
import type { SseProxyHandler } from '../src/types.ts';
import { eventLog } from './support/event-log.ts';
import { MemoryLogs } from './support/memory-relay.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };

describe('role of an instance in a relayed feed', () => {
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  it("feeds() reports leader and follower, and `alone` in every instance while the log can't be used", async () => {
    const log = add(await eventLog(), (it) => it.close());
    const logs = new MemoryLogs();
    const relays = [logs.instance(), logs.instance(), logs.instance()];
    const proxies: SseProxyHandler[] = [];
    for (const relay of relays) {
      const { port, proxy } = await app({
        target: log.url,
        name: 'logs',
        resume: quick,
        share: { lingerMs: 0, relay },
      });
      await visit(port, '/sse').opened();
      proxies.push(proxy);
      await until(() => proxies[0]?.feeds()[0]?.role === 'leader');
    }
    const roles = () => proxies.map((proxy) => proxy.feeds()[0]?.role);
    await until(() => String(roles()) === 'leader,follower,follower');
    for (const relay of relays) relay.isUp = false;
    await until(() => String(roles()) === 'alone,alone,alone' && log.open === 3);
    for (const relay of relays) relay.isUp = true;
    await log.emitUntilOneReads();
    await until(() => roles().toSorted().join() === 'follower,follower,leader');
    expect(log.open).to.equal(1);
  });
});
