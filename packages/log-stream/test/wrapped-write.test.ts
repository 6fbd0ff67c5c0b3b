import { expect } from 'chai';
import compression from 'compression';
import type { RequestHandler, Response } from 'express';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

type Write = Response['write'];

/** A middleware whose `res.write` passes bytes on and returns what `result` makes of the real return value. */
function returning(result: (real: boolean) => unknown): RequestHandler {
  return (_, res, next) => {
    const { write } = res;
    res.write = ((...args: Parameters<Write>) => result(write.apply(res, args))) as Write;
    next();
  };
}

const writesLater: RequestHandler = (_, res, next) => {
  const { write } = res;
  res.write = (async (...args: Parameters<Write>) => {
    await new Promise(setImmediate);
    return write.apply(res, args);
  }) as unknown as Write;
  next();
};

const wrappers: readonly [name: string, middleware: RequestHandler][] = [
  ['returns nothing', returning(() => undefined)],
  ['returns true', returning(() => true)],
  ['returns a promise', returning((real) => Promise.resolve(real))],
  ['writes one turn later and returns a promise', writesLater],
  ['is that of compression', compression({ threshold: 0 })],
];

describe('a log service behind middleware that wraps res.write', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  for (const [name, middleware] of wrappers) {
    it(`buffers little for a stalled reader, and everything reaches it later, if res.write ${name} [R41]`, async () => {
      const { url, store, router } = await service({}, [middleware]);
      const slow = await openStream(`${url}${logsPath}/stream`, { reading: false });
      const fast = await openStream(`${url}${logsPath}/stream`);
      await eventually(() => router.stats().atTip === 2);
      let most = 0;
      for (let i = 0; i < 12; i++) {
        // One megabyte.
        await store.append(logs(64, `${i}m`, { description: 'x'.repeat(16_000) }));
        await fast.untilMessage(`${i}m63`);
        most = Math.max(most, router.stats().bufferedBytes);
      }
      expect(router.stats().waiting).to.equal(1);
      // The high-water mark, and what was written before the socket could be seen to be full.
      expect(most).to.be.below(512 * 1024);

      await store.append([log('end')]);
      slow.read();
      await slow.untilMessage('end');
      expect(slow.messages).to.deep.equal(fast.messages);
    });
  }
});
