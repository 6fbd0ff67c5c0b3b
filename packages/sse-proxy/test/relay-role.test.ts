import { expect } from 'chai';
import { eventLog } from './support/event-log.ts';
import { MemoryLogs } from './support/memory-relay.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };

describe('role of an instance in a relayed feed', () => {
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  it('feeds() names the leader and the followers, and all alone while the log can not be used', async () => {
    const log = add(await eventLog(), (it) => it.close());
    const logs = new MemoryLogs();
    const instances = [];
    for (let n = 0; n < 3; n++) {
      const relay = logs.instance();
      const proxied = await app({ target: log.url, name: 'logs', resume: quick, share: { lingerMs: 0, relay } });
      await visit(proxied.port, '/sse').opened();
      instances.push({ relay, proxied });
      if (n === 0) await until(() => proxied.proxy.feeds()[0]?.role === 'leader');
    }
    const roles = () => instances.map(({ proxied }) => proxied.proxy.feeds()[0]?.role);
    await until(() => String(roles()) === 'leader,follower,follower');
    for (const { relay } of instances) relay.isUp = false;
    await until(() => String(roles()) === 'alone,alone,alone' && log.open === 3);
    for (const { relay } of instances) relay.isUp = true;
    await log.emitUntilOneReads();
    await until(() => roles().toSorted().join() === 'follower,follower,leader');
    expect(log.open).to.equal(1);
  });
});
