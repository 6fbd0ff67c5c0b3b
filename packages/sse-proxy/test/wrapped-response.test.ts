import { connect } from 'node:net';
import { expect } from 'chai';
import type { RequestHandler } from 'express';
import type { SseProxyOptions } from '../src/types.ts';
import { reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { visitHttp1 } from './support/visit.ts';

describe('a middleware whose wrapper of a response method fails', () => {
  const { add, clean, upstream, app } = stage();
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);
  before(() => process.on('unhandledRejection', onUnhandled));
  after(() => process.off('unhandledRejection', onUnhandled));
  afterEach(clean);
  // Rejections are reported at the end of a turn.
  afterEach(async () => {
    await new Promise(setImmediate);
    expect(unhandled.splice(0)).to.deep.equal([]);
  });

  for (const method of ['write', 'end', 'writeHead'] as const) {
    it(`ends one stream, not the process, if res.${method} returns a promise that rejects [R45]`, async () => {
      for (const refused of [false, true]) {
        const up = await upstream((request) => request.begin());
        const rejects: RequestHandler = (_, res, next) => {
          const real = res[method] as (...args: unknown[]) => unknown;
          const wrapped = async (...args: unknown[]) => {
            real.apply(res, args);
            throw new Error('the wrapper failed');
          };
          Object.assign(res, { [method]: wrapped });
          next();
        };
        const options = { target: up.url, authorize: () => !refused, maxDurationMs: method === 'end' ? 20 : undefined };
        const proxied = await app(options as SseProxyOptions, { before: (it) => void it.use(rejects) });
        const browser = add(reader(proxied.port), (it) => it.leave());
        browser.read();
        await until(() => proxied.proxy.stats().opened + proxied.proxy.stats().refused === 1);
        await until(() => proxied.proxy.stats().open === 0);
        await proxied.proxy.close();
      }
    });
  }

  const failing: Record<string, (pass: () => unknown) => Promise<unknown>> = {
    'rejects after it has passed the call on': async (pass) => {
      pass();
      throw new Error('the wrapper failed');
    },
    'rejects without passing the call on': async () => {
      throw new Error('the wrapper failed');
    },
    'passes the call on one turn later': async (pass) => {
      await new Promise(setImmediate);
      pass();
    },
  };
  const requests: Record<string, Partial<SseProxyOptions> & { method?: string }> = {
    'a stream that opens': {},
    'a soft refusal': { limits: { acquire: () => ({ ok: false, rule: 'user', kind: 'max' }) } },
    'a refusal by status': { authorize: () => false },
    'a response to HEAD': { method: 'HEAD' },
    'a preflight': { method: 'OPTIONS' },
  };
  for (const [how, wrapper] of Object.entries(failing)) {
    for (const [what, { method = 'GET', ...options }] of Object.entries(requests)) {
      it(`ends ${what}, not the process, if a wrapper of res.writeHead ${how} [R45]`, async () => {
        const up = await upstream((request) => request.begin());
        const wraps: RequestHandler = (_, res, next) => {
          const real = res.writeHead as (...args: unknown[]) => unknown;
          Object.assign(res, { writeHead: (...args: unknown[]) => wrapper(() => real.apply(res, args)) });
          next();
        };
        const { port, proxy } = await app(
          { target: up.url, allowOrigins: ['https://page.example'], ...options },
          { before: (it) => void it.use(wraps) },
        );
        const headers = { origin: 'https://page.example', 'access-control-request-method': 'GET' };
        const browser = add(
          visitHttp1(() => connect(port, '127.0.0.1'), { method, headers }),
          (it) => it.leave(),
        );
        await until(() => browser.closed());
        await until(() => {
          const { open, opening, upstreamConnections } = proxy.stats();
          return open + opening + upstreamConnections === 0;
        });
      });
    }
  }
});
