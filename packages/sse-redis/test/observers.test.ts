import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { Observers } from '../src/connection/observers.ts';
import { SseRedisError } from '../src/errors.ts';
import type { RedisObserver } from '../src/types.ts';

describe('observers', () => {
  it('an observer that throws or rejects ends nothing, and the next one is called', async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown) => unhandled.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', listen);
    try {
      const seen: unknown[] = [];
      const throwing: RedisObserver = {
        onError() {
          throw new Error('of the application');
        },
      };
      const rejecting: RedisObserver = { onError: () => Promise.reject(new Error('of the application')) as never };
      const last: RedisObserver = { onError: (context) => void seen.push(context) };
      const observers = new Observers('limits', [throwing, rejecting, last]);
      const error = new SseRedisError('ERR_SSE_REDIS_LOST', 'lost');
      observers.onError(error);
      await setImmediate();
      expect(seen).to.deep.equal([{ part: 'limits', error }]);
      expect(unhandled).to.deep.equal([]);
    } finally {
      process.off('unhandledRejection', listen);
      for (const other of others) process.on('unhandledRejection', other);
    }
  });
});
