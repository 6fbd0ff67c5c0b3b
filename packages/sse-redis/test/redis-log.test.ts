import { expect } from 'chai';
import { idleListener } from '../../sse-proxy/test/support/memory-relay.ts';
import type { RedisCommands } from '../src/connection/redis-commands.ts';
import type { AppendQueue } from '../src/feeds/append-queue.ts';
import { RedisLog } from '../src/feeds/redis-log.ts';

describe('log of a feed in Redis', () => {
  it('an instance does not lead if its lease is granted after it gave up Redis', async () => {
    const reply = Promise.withResolvers<unknown>();
    const commands = { run: () => reply.promise } as unknown as RedisCommands;
    const appends = {} as AppendQueue;
    const owner = { commands, appends, leaseMs: 3_000, onFollow() {}, onClose() {}, onLeaseLost() {} };
    const log = new RedisLog('feed', { maxBytes: 1_000, maxAgeMs: 1_000 }, idleListener, owner);
    log.onAvailable(true);
    const leading = log.lead();
    log.onAvailable(false);
    reply.resolve([Buffer.from('0-0'), Buffer.from('1')]);
    expect(await leading).to.equal(undefined);
    expect(log.held).to.equal(undefined);
  });
});
