import type { Server } from 'node:http';
import { expect } from 'chai';
import session from 'express-session';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { RedisServer } from '../../../packages/sse-redis/test/support/redis-server.ts';
import { needs } from '../../../test/support/needs.ts';
import { type Bff, bff } from '../src/bff/app.ts';
import { joinFleet } from '../src/bff/fleet.ts';
import { logsPath, streamPath } from '../src/demo.ts';
import { closeServer, listen } from '../src/listen.ts';
import { type Front, front } from './support/front.ts';
import { type LogService, logService } from './support/log-service.ts';

/** More than the time after which a call of a store has failed. */
const boundMs = 4_000;

const failing = (_id: unknown, ...rest: unknown[]) => (rest.at(-1) as (error: Error) => void)(new Error('no memory'));

describe('a BFF whose session store fails', () => {
  let service: LogService;
  const undo: (() => Promise<void> | void)[] = [];
  beforeEach(async () => {
    service = await logService((req, res) => {
      const isStream = req.url?.includes('/stream');
      res.writeHead(200, { 'Content-Type': isStream ? 'text/event-stream' : 'application/json' });
      if (isStream) res.write('id: 1\ndata: one\n\n');
      else res.end('{"logs":[]}');
    });
    undo.push(() => service.close());
  });
  afterEach(async () => {
    for (const call of undo.splice(0).reverse()) await call();
  });

  /** Replaces a method of the sessions in memory until the end of the test. */
  function replace(name: 'get' | 'touch', method: typeof failing): void {
    const { [name]: original } = session.MemoryStore.prototype;
    session.MemoryStore.prototype[name] = method as never;
    undo.push(() => void Object.assign(session.MemoryStore.prototype, { [name]: original }));
  }

  /** The response to a request, and how long it took until its headers came. */
  async function ask(origin: string, path: string, cookie: string) {
    const from = performance.now();
    const response = await fetch(`${origin}${path}`, {
      headers: { cookie, accept: '*/*' },
      // Names the request that hangs, if one does.
      signal: AbortSignal.timeout(30_000),
    });
    return { response, ms: performance.now() - from };
  }

  /** An EventSource goes on after this, and a script can tell what happened. */
  async function expectRefusals(origin: string, cookie: string): Promise<void> {
    const stream = await ask(origin, streamPath, cookie);
    expect(stream.response.status).to.equal(200);
    expect(stream.response.headers.get('content-type')).to.match(/^text\/event-stream/);
    expect(await stream.response.text()).to.match(
      /^event: sse-proxy:refused\nretry: \d{4,5}\ndata: \{"reason":"internal"/,
    );
    expect(stream.ms).to.be.below(boundMs);
    for (const path of [logsPath, '/session', '/']) {
      const { response, ms } = await ask(origin, path, cookie);
      expect(response.status, path).to.equal(503);
      expect(response.headers.get('retry-after'), path).to.equal('5');
      const detail = 'The sessions can’t be read at the moment. Try again in a few seconds.';
      expect(await response.json(), path).to.include({ status: 503, detail });
      expect(ms, path).to.be.below(boundMs);
    }
    const probe = await ask(origin, '/healthz', cookie);
    expect(probe.response.status).to.equal(200);
  }

  async function expectStream(origin: string, cookie: string): Promise<void> {
    const { response } = await ask(origin, streamPath, cookie);
    const reader = response.body!.getReader();
    const first = Buffer.from((await reader.read()).value ?? []).toString();
    await reader.cancel();
    expect(first).to.not.include('sse-proxy:refused');
  }

  async function inMemory(): Promise<{ it: Front; cookie: string }> {
    const it = await front(service.url, 'token');
    undo.push(() => it.close());
    return { it, cookie: await it.signIn() };
  }

  it('refuses streams softly and other requests with 503 while the store in memory fails', async () => {
    const { it, cookie } = await inMemory();
    await expectStream(it.url, cookie);
    replace('get', failing);
    await expectRefusals(it.url, cookie);
    await undo.pop()?.();
    await expectStream(it.url, cookie);
  });

  it('sends a whole page though the lifetime of its session can’t be extended', async () => {
    const { it, cookie } = await inMemory();
    replace('touch', failing);
    const { response } = await ask(it.url, logsPath, cookie);
    expect(await response.json()).to.deep.equal({ logs: [] });
  });

  describe('with sessions in Redis', () => {
    needs('redis');
    let redis: RedisServer;
    let running: Bff;
    let server: Server;
    let origin: string;

    beforeEach(async () => {
      redis = await RedisServer.start();
      Object.assign(process.env, { SESSION_STORE: redis.url, SESSION_SECRET: 'secret of the test' });
      running = bff({ upstream: service.url, token: 'token', joinFleet: (registry) => joinFleet(redis.url, registry) });
      delete process.env.SESSION_STORE;
      delete process.env.SESSION_SECRET;
      const listening = await listen(running.app, 0, '127.0.0.1');
      server = listening.server;
      origin = `http://127.0.0.1:${listening.port}`;
      undo.push(async () => {
        redis.resume();
        await running.drain(0);
        server.closeAllConnections();
        await closeServer(server);
        await running.close();
        await redis.close();
      });
    });

    async function signIn(): Promise<string> {
      let cookie = '';
      await until(async () => {
        const { response } = await ask(origin, '/', '');
        await response.body?.cancel();
        cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
        return response.status === 200;
      });
      return cookie;
    }

    const works = (cookie: string) =>
      until(async () => {
        const { response } = await ask(origin, logsPath, cookie);
        await response.body?.cancel();
        return response.status === 200;
      });

    for (const [how, stop, start] of [
      ['is stopped and answers nothing (SIGSTOP)', () => redis.pause(), () => redis.resume()],
      ['is killed', () => redis.kill(), () => redis.restart()],
    ] as const) {
      it(`refuses streams softly and other requests with 503 while Redis ${how}, and goes on afterwards`, async () => {
        const cookie = await signIn();
        await expectStream(origin, cookie);
        await redis.command('SAVE');
        await stop();
        await expectRefusals(origin, cookie);
        await start();
        await works(cookie);
        await expectStream(origin, cookie);
      });
    }
  });
});
