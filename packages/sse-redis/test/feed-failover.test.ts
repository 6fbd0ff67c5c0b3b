import { expect } from 'chai';
import { Relay } from '../../../test/faults/support/relay.ts';
import { needs } from '../../../test/support/needs.ts';
import { eventLog } from '../../sse-proxy/test/support/event-log.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { redisFeeds } from '../src/index.ts';
import { RedisServer } from './support/redis-server.ts';

describe('feeds over an address that leads to another Redis after a failover', () => {
  needs('redis');
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  it('loses nothing when the former primary lives on, and only the connection for commands has failed', async () => {
    const former = add(await RedisServer.start(), (it) => it.close());
    const next = add(await RedisServer.start(), (it) => it.close());
    const log = add(await eventLog(), (it) => it.close());
    const instance = async () => {
      const address = add(await Relay.start(former.port), (it) => it.close());
      const redis = `redis://127.0.0.1:${address.port}`;
      const modes: string[] = [];
      const relay = add(redisFeeds({ redis, onModeChange: ({ mode }) => modes.push(mode) }), (it) => it.close());
      const share = { relay, lingerMs: 0 };
      const resume = { minDelayMs: 1, maxDelayMs: 50 };
      const { port } = await app({ target: log.url, resume, retryMs: false, openAfterMs: false, share });
      return { address, relay, modes, browser: await visit(port, '/sse').opened() };
    };
    const leader = await instance();
    const follower = await instance();
    const browsers = [leader.browser, follower.browser];
    const allHave = async () => {
      for (const browser of browsers) await browser.sees(log.event(log.count));
      for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, log.count));
    };
    log.emit(2);
    await allHave();
    await until(() => log.open === 1 && leader.relay.stats().led === 1);

    for (const { address } of [leader, follower]) address.target = next.port;
    leader.address.breakAll('rst');
    await until(() => leader.modes.length === 3 && leader.relay.stats().led === 1);
    const clients = String(await former.command('CLIENT', 'LIST')).split('\n');
    const commands = clients.filter((client) => client.includes('cmd=evalsha'));
    expect(commands).to.have.length(1);
    await former.command('CLIENT', 'KILL', 'ID', /^id=(\d+)/.exec(commands[0] ?? '')?.[1] ?? '');
    await until(() => follower.modes.length === 3);
    await log.emitUntilOneReads();
    log.emit(1);
    await allHave();
  });
});
