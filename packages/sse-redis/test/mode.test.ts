import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { Mode } from '../src/connection/mode.ts';
import { SseRedisError } from '../src/errors.ts';

describe('onModeChange', () => {
  for (const [what, onChange] of [
    [
      'throws',
      () => {
        throw new Error('of the application');
      },
    ],
    ['rejects', () => Promise.reject(new Error('of the application'))],
  ] as const) {
    it(`a listener that ${what} ends neither a stream nor the process`, async () => {
      const unhandled: unknown[] = [];
      const listen = (error: unknown) => unhandled.push(error);
      const others = process.listeners('unhandledRejection');
      process.removeAllListeners('unhandledRejection').on('unhandledRejection', listen);
      try {
        const mode = new Mode('of a test', onChange);
        mode.local(new SseRedisError('ERR_SSE_REDIS_LOST', 'lost'));
        await setImmediate();
        expect(mode.current).to.equal('local');
        expect(unhandled).to.deep.equal([]);
      } finally {
        process.off('unhandledRejection', listen);
        for (const other of others) process.on('unhandledRejection', other);
      }
    });
  }
});
