import { inspect } from 'node:util';
import { expect } from 'chai';
import { SseProxyError } from '../src/errors.ts';
import { Warnings } from '../src/hooks/warnings.ts';
import type { SseProxyOptions } from '../src/types.ts';
import { clock } from './support/clock.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

interface Warning extends Error {
  code?: string;
}

describe('warnings of the process', () => {
  const { add, clean, upstream, app, visit } = stage({ warnings: true });
  afterEach(clean);

  /** The warnings of this package from now on. Node emits them in a later turn. */
  function watch(): Warning[] {
    const seen: Warning[] = [];
    const listen = (warning: Warning) => {
      if (warning.name === 'SseProxyWarning') seen.push(warning);
    };
    process.on('warning', listen);
    add(seen, () => void process.off('warning', listen));
    return seen;
  }

  const refused = async (port: number) => {
    const browser = visit(port);
    await until(() => browser.complete());
  };

  it('warnings say why an upstream can not be reached, and where it is, without any configuration', async () => {
    const seen = watch();
    const { port } = await app({ target: 'http://127.0.0.1:1/logs?token=s3cret' });
    await refused(port);
    await until(() => seen.length === 1);
    expect(seen[0]).to.include({
      code: 'ERR_SSE_UPSTREAM_CONNECT',
      message: 'sse-proxy refused a stream on /sse: upstream http://127.0.0.1:1 failed in phase connect: ECONNREFUSED',
    });
  });

  it('warnings report each code once in a minute, however many browsers are refused', async () => {
    const seen = watch();
    const { port, witness } = await app({ target: 'http://127.0.0.1:1/' });
    for (let n = 0; n < 3; n++) await refused(port);
    await refused((await app({ target: 'http://127.0.0.1:1/', authorize: () => false })).port);
    await until(() => seen.length === 2);
    expect(witness.refusals).to.have.length(3);
    expect(seen.map(({ code }) => code)).to.deep.equal(['ERR_SSE_UPSTREAM_CONNECT', 'ERR_SSE_FORBIDDEN']);
  });

  const throwing = () => {
    throw new Error('s3cret');
  };
  const hostile: Record<string, () => object> = {
    'a Proxy whose traps throw': () => new Proxy({}, { get: throwing, getPrototypeOf: throwing }),
    'a revoked Proxy': () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    'an object whose constructor throws': () => Object.defineProperty({}, 'constructor', { get: throwing }),
    'an object whose constructor has a name that throws': () => ({
      constructor: Object.defineProperty({}, 'name', { get: throwing }),
    }),
  };
  for (const [what, make] of Object.entries(hostile))
    it(`warnings survive a hook that throws, or returns, ${what} [R45] [row 27]`, async () => {
      const seen = watch();
      for (const authorize of [
        () => {
          throw make();
        },
        () => make() as { key: string },
      ]) {
        const { port, witness } = await app({ target: 'http://127.0.0.1:1/', authorize });
        await refused(port);
        expect(witness.refusals.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_HOOK']);
      }
      await until(() => seen.length === 2);
      expect(inspect(seen)).to.not.include('s3cret');
    });

  it('warnings survive an application whose process.emitWarning throws [R45]', async () => {
    const { emitWarning } = process;
    add(emitWarning, (own) => {
      process.emitWarning = own;
    });
    process.emitWarning = throwing;
    const { port, witness } = await app({ target: 'http://127.0.0.1:1/' });
    await refused(port);
    expect(witness.refusals).to.have.length(1);
  });

  it('warnings say after a minute how many times a code was held back', async () => {
    const seen = watch();
    clock.install();
    try {
      const warnings = new Warnings();
      const report = () => warnings.report('/sse', 'refused a stream', new SseProxyError('ERR_SSE_LIMIT'));
      for (let n = 0; n < 4; n++) report();
      clock.tick(59_999);
      report();
      clock.tick(1);
      report();
      report();
    } finally {
      clock.uninstall();
    }
    await until(() => seen.length === 2);
    expect(seen.map(({ message }) => message)).to.deep.equal([
      'sse-proxy refused a stream on /sse: Too many streams',
      'sse-proxy refused a stream on /sse: Too many streams (4 more since the last warning)',
    ]);
  });

  it('warnings report an upstream that was lost and can not be resumed', async () => {
    const seen = watch();
    const up = await upstream((request) => {
      if (up.requests.length === 1) request.begin();
      else request.raw('HTTP/1.1 503 s3cret\r\nContent-Length: 0\r\n\r\n');
    });
    const { port, witness } = await app({ target: up.url, resume: { minDelayMs: 1, maxDelayMs: 2 } });
    await visit(port).opened();
    up.requests[0]?.reset();
    await until(() => witness.losses.length === 2);
    await until(() => seen.length === 2);
    expect(seen.map(({ message }) => message)).to.deep.equal([
      `sse-proxy lost the upstream on /sse: upstream ${new URL(up.url).origin} failed in phase body: ECONNRESET`,
      'sse-proxy lost the upstream on /sse: upstream responded with 503',
    ]);
  });

  const broken: [how: string, act: (request: UpstreamRequestSeen) => void, said: string][] = [
    [
      'closes its connection within the response',
      (request) => {
        request.begin('Connection: close');
        request.send('data: one\n\n');
        request.socket.end();
      },
      'failed in phase body: the connection was closed within the response',
    ],
    [
      'answers no HTTP',
      (request) => request.raw('s3cret s3cret\r\n\r\n'),
      'failed in phase headers: invalid HTTP (Expected HTTP/, RTSP/ or ICE/)',
    ],
  ];
  for (const [how, act, said] of broken) {
    it(`warnings say in words that an upstream ${how}`, async () => {
      const seen = watch();
      const up = await upstream(act);
      const { port } = await app({ target: up.url, resume: false });
      visit(port);
      await until(() => seen.length === 1);
      expect(seen[0]?.message).to.match(/^sse-proxy (refused|ended) a stream on \/sse: upstream http/);
      expect(seen[0]?.message.endsWith(said), seen[0]?.message).to.equal(true);
    });
  }

  it("warnings show only the kind of what the application's function threw [R56]", async () => {
    const seen = watch();
    const authorize = (): boolean => {
      throw new RangeError('s3cret');
    };
    await refused((await app({ target: 'http://127.0.0.1:1/', authorize })).port);
    await until(() => seen.length === 1);
    expect(seen[0]).to.include({
      code: 'ERR_SSE_HOOK',
      message: 'sse-proxy refused a stream on /sse: authorize failed, it threw an object (RangeError)',
    });
  });

  const silent: [name: string, options: Partial<SseProxyOptions>][] = [
    ['with warnings: false', { warnings: false }],
    ['while the proxy drains', {}],
  ];
  for (const [name, options] of silent) {
    it(`warnings report no refusal ${name}`, async () => {
      const seen = watch();
      const { port, proxy, witness } = await app({ target: 'http://127.0.0.1:1/', ...options });
      if (options.warnings !== false) await proxy.close();
      await refused(port);
      expect(witness.refusals).to.have.length(1);
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen).to.deep.equal([]);
    });
  }
});
