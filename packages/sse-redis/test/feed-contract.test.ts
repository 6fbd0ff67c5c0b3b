import { needs } from '../../../test/support/needs.ts';
import { shareContract } from '../../sse-proxy/test/support/share-contract.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { redisFeeds } from '../src/index.ts';
import { RedisServer } from './support/redis-server.ts';

describe('feeds that two instances share over Redis', () => {
  needs('redis');
  const { add, app, visit, clean } = stage();
  let redis: RedisServer;
  let fleets = 0;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis?.close());
  afterEach(clean);

  shareContract(add, async (options) => {
    const given = typeof options.share === 'object' ? options.share : {};
    const prefix = `fleet${++fleets}:`;
    const start = async () => {
      const relay = add(redisFeeds({ redis: redis.url, prefix, onModeChange() {} }), (it) => it.close());
      return app({ ...options, share: { lingerMs: 0, ...given, relay } });
    };
    const ports = [(await start()).port, (await start()).port] as const;
    return {
      open: (instance, id) => visit(ports[instance], '/sse', id === undefined ? {} : { 'Last-Event-ID': id }),
    };
  });
});
