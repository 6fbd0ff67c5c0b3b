import { expect } from 'chai';
import type { Request } from 'express';
import type { SseProxyHandler, SseProxyOptions } from '../src/types.ts';
import { flood, reader } from './support/flood.ts';
import type { hooks } from './support/recorder.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

type Hook = (typeof hooks)[number];

const resume = { minDelayMs: 1, maxDelayMs: 2 };

describe('close() called from within a callback', () => {
  const { add, clean, upstream, app, visit } = stage({ resume });
  afterEach(clean);

  /** Options that call close() in one place, and what makes the proxy get there. */
  interface Place {
    readonly options: (close: () => void) => Partial<SseProxyOptions>;
    readonly act?: (request: UpstreamRequestSeen, port: number) => unknown;
    /** Reason of the stream's onClose; undefined if the stream never opens. */
    readonly reason?: string;
  }

  const inHook = (hook: Hook) => (close: () => void) => ({ observers: [{ [hook]: close }] });
  const breakOff = (request: UpstreamRequestSeen) => {
    request.send('data: no id\n\n');
    request.reset();
  };

  const places: Record<string, Place> = {
    onOpen: { options: inHook('onOpen'), reason: 'draining' },
    onClose: { options: (close) => ({ ...inHook('onClose')(close), maxDurationMs: 10 }), reason: 'max-duration' },
    onUpstreamLost: { options: inHook('onUpstreamLost'), act: breakOff, reason: 'draining' },
    onResume: { options: inHook('onResume'), act: breakOff, reason: 'draining' },
    onGap: { options: inHook('onGap'), act: breakOff, reason: 'draining' },
    onEvict: {
      options: (close) => ({ ...inHook('onEvict')(close), slowClient: { maxStallMs: 40 } }),
      act: (request, port) => {
        add(reader(port), (it) => it.leave());
        return flood(request, 4_000, 16_384);
      },
      reason: 'evicted',
    },
    'onError of an open stream': {
      options: (close) => ({ ...inHook('onError')(close), transform: () => Promise.reject(new Error('no')) }),
      act: (request) => request.send('data: one\n\n'),
      reason: 'transform-failed',
    },
    'onError of a refusal': { options: (close) => ({ ...inHook('onError')(close), authorize: () => false }) },
    onRefuse: { options: (close) => ({ ...inHook('onRefuse')(close), authorize: () => false }) },
    authorize: {
      options: (close) => ({
        authorize: () => {
          close();
          return true;
        },
      }),
    },
    'the limiter': {
      options: (close) => ({
        limits: {
          acquire: () => {
            close();
            return { ok: true, release() {} };
          },
        },
      }),
    },
    "a permit's release": {
      options: (close) => ({
        maxDurationMs: 10,
        limits: { acquire: () => ({ ok: true, release: close }) },
      }),
      reason: 'max-duration',
    },
    target: {
      options: (close) => ({
        target: () => {
          close();
          return 'http://127.0.0.1:1/';
        },
      }),
    },
    upstreamHeaders: {
      options: (close) => ({
        upstreamHeaders: () => {
          close();
          return {};
        },
      }),
    },
    transform: {
      options: (close) => ({
        transform: (event) => {
          close();
          return event;
        },
      }),
      act: (request) => request.send('data: one\n\ndata: two\n\n'),
      reason: 'draining',
    },
  };

  /** Resolves when another stream, whose reauthorizeMs is 10, has been authorized `times` times. */
  async function reauthorized(target: string, times: number): Promise<void> {
    let count = 0;
    const authorize = () => ++count > 0;
    const { port, proxy } = await app({ target, authorize, reauthorizeMs: 10 });
    visit(port);
    await until(() => count >= times);
    await proxy.close();
  }

  for (const share of [false, true]) {
    for (const [place, { options, act, reason }] of Object.entries(places)) {
      it(`close() called from within ${place} releases everything, ${share ? 'shared' : 'dedicated'} [R42]`, async () => {
        let proxy: SseProxyHandler | undefined;
        let closing: Promise<void> | undefined;
        let authorized = 0;
        const close = () => {
          closing ??= proxy?.close();
        };
        const given = options(close);
        const authorize = (req: Request) => {
          authorized++;
          return given.authorize?.(req) ?? true;
        };
        const up = await upstream((request) => request.begin());
        const proxied = await app({
          target: up.url,
          share: share && { lingerMs: 600_000 },
          ...given,
          authorize,
          reauthorizeMs: 10,
        });
        proxy = proxied.proxy;
        const browser = place === 'onEvict' ? undefined : visit(proxied.port);
        const evicted = browser ? undefined : add(reader(proxied.port), (it) => it.leave());
        if (act) {
          const request = await up.request();
          await until(() => proxied.witness.opens.length === 1);
          await act(request, proxied.port);
        }
        await until(() => closing !== undefined);
        await closing;
        await until(() => (!browser || browser.closed() || browser.complete()) && up.open() === 0);
        evicted?.leave();
        const stats = proxied.proxy.stats();
        expect(stats).to.include({ open: 0, opening: 0, bufferedBytes: 0, upstreamConnections: 0, sharedFeeds: 0 });
        expect(proxied.proxy.streams()).to.deep.equal([]);
        const { closes, opens } = proxied.witness;
        // close() may end another stream first.
        const reasons = closes.map((one) => one.reason);
        if (reason) expect(reasons).to.include(reason);
        else expect(reasons).to.deep.equal([]);
        expect(closes.length).to.equal(opens.length);
        // The stream's beats have stopped: another stream is authorized every 10 ms, this one is not any more.
        const before = authorized;
        await reauthorized(up.url, 3);
        expect(authorized).to.equal(before);
      });
    }
  }
});
