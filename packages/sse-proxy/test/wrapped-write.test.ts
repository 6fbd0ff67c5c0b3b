import { expect } from 'chai';
import compression from 'compression';
import type { RequestHandler, Response } from 'express';
import audit from 'express-requests-logger';
import type { SseProxyOptions } from '../src/types.ts';
import { flood, reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const eventBytes = 16_384;
/** More than the sockets of both sides and the proxy hold together. */
const many = 2_000;

/** A middleware whose `res.write` passes bytes on and returns what `result` makes of the real return value. */
function returning(result: (real: boolean, res: Response) => unknown): RequestHandler {
  return (_, res, next) => {
    const { write } = res;
    res.write = ((...args: Parameters<Response['write']>) => result(write.apply(res, args), res)) as Response['write'];
    next();
  };
}

const writesLater: RequestHandler = (_, res, next) => {
  const { write } = res;
  res.write = (async (...args: Parameters<Response['write']>) => {
    await new Promise(setImmediate);
    return write.apply(res, args);
  }) as unknown as Response['write'];
  next();
};

const silent = { info() {}, warn() {}, error() {}, debug() {} };

const wrappers: [name: string, middleware: RequestHandler][] = [
  ['returns nothing', returning(() => undefined)],
  ['returns true', returning(() => true)],
  ['returns false', returning(() => false)],
  ['returns a promise', returning((real) => Promise.resolve(real))],
  ['returns the response', returning((_, res) => res)],
  ['writes one turn later and returns a promise', writesLater],
  ['is that of express-requests-logger', audit({ logger: silent })],
  ['is that of compression', compression({ threshold: 0 })],
];

describe('back pressure does not depend on what res.write returns [R41] [row 42]', () => {
  const { add, clean, upstream, app } = stage();
  afterEach(clean);

  async function opened(middleware: RequestHandler, options: Partial<SseProxyOptions>) {
    const up = await upstream((request) => request.begin());
    const proxied = await app(
      { target: up.url, heartbeatMs: false, ...options },
      { before: (it) => void it.use(middleware) },
    );
    const browser = add(reader(proxied.port), (it) => it.leave());
    await browser.opened();
    return { proxied, browser, request: await up.request(), stats: () => proxied.proxy.stats() };
  }

  it('releases a stream whose listeners a middleware removes from the response [R42]', async () => {
    const forgets: RequestHandler = (_, res, next) => {
      setImmediate(() => res.removeAllListeners('close'));
      next();
    };
    const { browser, stats } = await opened(forgets, { maxDurationMs: 600_000, slowClient: { maxStallMs: 40 } });
    browser.leave();
    await until(() => stats().open === 0 && stats().upstreamConnections === 0);
  });

  for (const [name, middleware] of wrappers) {
    it(`delivers everything to a browser that reads, dedicated and shared, if res.write ${name}`, async () => {
      for (const share of [false, true]) {
        const { browser, request } = await opened(middleware, { share });
        browser.read();
        await flood(request, 300, eventBytes);
        await until(() => browser.events() === 300);
        expect(browser.inOrder()).to.equal(true);
      }
    });

    it(`pauses the dedicated upstream of a browser that reads nothing, and resumes it, if res.write ${name}`, async () => {
      const { browser, request, stats } = await opened(middleware, {});
      let sent = false;
      const sending = flood(request, many, eventBytes).then(() => {
        sent = true;
      });
      let seen = -1;
      await until(() => {
        const stands = request.socket.writableNeedDrain && stats().events === seen && stats().bufferedBytes > 0;
        seen = stats().events;
        return stands;
      });
      expect(sent).to.equal(false);
      // What the late wrapper holds back by itself can't be seen before it is written.
      expect(stats().bufferedBytes).to.be.below(middleware === writesLater ? 8_388_608 : 1_048_576);
      browser.read();
      await sending;
      await until(() => browser.events() === many);
      expect([browser.inOrder(), stats().evicted]).to.deep.equal([true, 0]);
      await until(() => stats().bufferedBytes === 0);
    });

    it(`evicts a browser of a shared feed that reads nothing, if res.write ${name}`, async () => {
      const { proxied, request, stats } = await opened(middleware, { share: true, slowClient: { maxStallMs: 200 } });
      const most: number[] = [];
      const sampling = setInterval(() => most.push(stats().bufferedBytes), 5);
      add(sampling, clearInterval);
      await flood(request, many, eventBytes);
      await until(() => stats().evicted === 1);
      expect(Math.max(...most)).to.be.below(2 * 1_048_576);
      expect(proxied.witness.closes.map(({ reason }) => reason)).to.deep.equal(['evicted']);
    });
  }
});
