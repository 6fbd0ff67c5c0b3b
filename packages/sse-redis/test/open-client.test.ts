import { expect } from 'chai';
import { needs } from '../../../test/support/needs.ts';
import { cleaner } from '../../sse-proxy/test/support/until.ts';
import { discard, openClient } from '../src/connection/open-client.ts';
import { RedisServer } from './support/redis-server.ts';

describe('client of Redis', () => {
  needs('redis');
  const { add, clean } = cleaner();
  afterEach(clean);

  it('the client of Redis has the same class at each connect, since a new class would block the event loop each time', async () => {
    const redis = add(await RedisServer.start(), (it) => it.close());
    const open = async (timeoutMs: number) => add(await openClient(redis.url, timeoutMs), discard);
    expect((await open(1_000)).constructor).to.equal((await open(2_000)).constructor);
  });
});
