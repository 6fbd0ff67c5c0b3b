import { expect } from 'chai';
import { createClient } from 'redis';
import { needs } from '../../../test/support/needs.ts';
import { RedisServer } from '../../sse-redis/test/support/redis-server.ts';
import { RedisWakeups } from '../src/stores/mongo/index.ts';
import { Follower } from './contract/follower.ts';
import { mongoServer, mongoStore, namespace, pymodm, stopMongos } from './support/mongo.ts';
import { eventually, log } from './support/service.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };
/** Longer than the test may take. */
const never = 3_600_000;

describe('messages of Redis', () => {
  needs('redis');
  let redis: RedisServer;
  let publisher: ReturnType<typeof createClient>;
  beforeEach(async () => {
    redis = await RedisServer.start();
    publisher = createClient({ url: redis.url });
    publisher.on('error', () => {});
    await publisher.connect();
  });
  afterEach(async () => {
    publisher.destroy();
    await stopMongos();
    await redis.close();
  });

  /** A follower of a workflow that is not polled, once the store has subscribed to its channel. */
  async function following(filter = wf, pollMs = never) {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server, { pollMs, wakeups: new RedisWakeups({ url: redis.url }) });
    const follower = new Follower(store, filter, await store.end(filter));
    const received = (message: string) => {
      const done = follower.until(message);
      return { done };
    };
    // Listens all the time, so that the subscription lasts.
    store.subscribe(() => {}, filter);
    const channel = `logs:${filter.workspaceID}:${filter.workflowID}`;
    await eventually(async () => (await publisher.pubSubNumSub(channel))[channel] === 1);
    return { server, follower, received, channel };
  }

  it('messages on the Redis channel of a workflow cause a look at the database, whatever they contain', async () => {
    const { server, follower, received, channel } = await following();
    for (const content of ['', 'x', '{"message":"forged"}', '\0']) {
      const { done } = received(`after ${content}`);
      await server.insert(namespace, [pymodm(log(`after ${content}`))]);
      await publisher.publish(channel, content);
      await done;
    }
    expect(follower.messages).to.have.length(4);
  });

  it('a message of Redis that arrives before its log is visible causes another look', async () => {
    const { server, received, channel } = await following();
    const { done } = received('slow');
    await publisher.publish(channel, 'now');
    await server.insert(namespace, [pymodm(log('slow'))], { visibleAfterMs: 30 });
    await done;
  });

  it('a message of Redis for a workflow whose name has a colon wakes that workflow', async () => {
    const filter = { workspaceID: 'a:b', workflowID: 'c:d' };
    const { server, received, channel } = await following(filter);
    const { done } = received('here');
    await server.insert(namespace, [pymodm(log('here', filter))]);
    await publisher.publish(channel, '');
    await done;
  });

  it('no log is lost with messages missed while Redis is away: polls go on, and messages count again when it is back', async () => {
    const { server, follower, received, channel } = await following(wf, 20);
    await redis.kill();
    const first = received('without Redis');
    await server.insert(namespace, [pymodm(log('without Redis'))]);
    await first.done;
    await redis.restartEmpty();
    await eventually(async () => {
      if (!publisher.isReady) return false;
      return (await publisher.pubSubNumSub(channel))[channel] === 1;
    });
    const second = received('with Redis');
    await server.insert(namespace, [pymodm(log('with Redis'))]);
    await publisher.publish(channel, '');
    await second.done;
    expect(follower.messages).to.deep.equal(['without Redis', 'with Redis']);
  });

  it('the Redis channel of a workflow is subscribed to only while somebody listens to the workflow', async () => {
    const server = await mongoServer({ replicaSet: false });
    const store = mongoStore(server, { wakeups: new RedisWakeups({ url: redis.url }) });
    const subscribers = async () => (await publisher.pubSubNumSub('logs:ws:wf'))['logs:ws:wf'];
    const releases = [1, 2].map(() => store.subscribe(() => {}, wf));
    await eventually(async () => (await subscribers()) === 1);
    for (const release of releases) release();
    await eventually(async () => (await subscribers()) === 0);
  });
});
