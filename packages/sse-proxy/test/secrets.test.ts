import { inspect } from 'node:util';
import { expect } from 'chai';
import { SseProxyError } from '../src/index.ts';
import type { SseProxyOptions } from '../src/types.ts';
import { chunk, fields, scenes, sse } from './support/secret-scenes.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('secrets in errors and responses', () => {
  const { clean, upstream, app, visit } = stage();
  afterEach(clean);

  /** Everything that the process has been warned of since. Node emits a warning in a later turn. */
  async function warned(act: () => Promise<void>): Promise<string> {
    const texts: string[] = [];
    const listen = (warning: Error) => void texts.push(inspect(warning, { depth: 8, showHidden: true }));
    process.on('warning', listen);
    try {
      await act();
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', listen);
    }
    return texts.join('\n');
  }

  for (const [name, scene] of Object.entries(scenes)) {
    it(`errors and responses contain no token, cookie, query, id or event data: ${name} [R56]`, async () => {
      const up = await upstream(scene.upstream ?? ((request) => request.begin()));
      const target = `http://127.0.0.1:${up.port}/:workflow/logs?token=s3cret-own`;
      for (const refuse of ['soft', 'status'] as const) {
        const { port, proxy, witness } = await app(
          {
            target,
            refuse,
            forwardCookies: ['session'],
            forwardHeaders: ['authorization', 'x-s3cret-name', 'user-agent', 'referer'],
            warnings: true,
            ...scene.options,
          },
          { path: '/sse/:workflow' },
        );
        const warnings = await warned(async () => {
          const browser = visit(port, scene.path ?? '/sse/wf?token=s3cret-query', { ...fields, ...scene.fields });
          await until(() => browser.complete() || browser.closed());
          expect(browser.wire()).to.not.include('s3cret');
          if (browser.status() !== 200) {
            const { title, status } = witness.refusals[0]!.error;
            expect(JSON.parse(browser.body())).to.deep.equal({ title, status, code: scene.code });
          }
          await until(() => witness.refusals.length + witness.closes.length === 1);
        });
        expect(warnings).to.include(scene.code).and.not.include('s3cret');
        expect(inspect([proxy.stats(), proxy.streams()], { depth: 8 })).to.not.include('s3cret');
        expect(witness.errors.map(({ error }) => error.code)).to.deep.equal([scene.code]);
        for (const { error } of [...witness.errors, ...witness.refusals, ...witness.closes]) {
          // As a logger may print it: with its stack, its properties and its causes.
          if (!scene.hasOwnCause) expect(inspect(error, { depth: 8, showHidden: true })).to.not.include('s3cret');
          expect(error?.message).to.not.match(/s3cret|[\r\n\0]/);
        }
      }
    });
  }

  for (const share of [false, true]) {
    it(`errors and responses contain no id and no event data while a ${share ? 'shared' : 'dedicated'} stream is open and resumed [R56]`, async () => {
      const up = await upstream((request) => request.raw(`${sse}${chunk}`));
      const { port, proxy, witness } = await app(
        {
          target: `${up.url}?s3cret`,
          share,
          warnings: true,
          resume: { minDelayMs: 1, maxDelayMs: 2 },
          forwardHeaders: [],
        },
        { path: '/sse/:workflow' },
      );
      const warnings = await warned(async () => {
        const browser = visit(port, '/sse/wf?token=s3cret-query', fields);
        await browser.sees('s3cret-event');
        up.requests[0]?.raw('zz\r\ns3cret');
        await until(() => witness.resumes.length === 1);
        expect(proxy.streams()).to.have.length(1);
        expect(inspect([proxy.stats(), proxy.streams()], { depth: 8 })).to.not.include('s3cret');
        browser.leave();
        await until(() => witness.closes.length === 1);
      });
      expect(warnings).to.include('ERR_SSE_UPSTREAM_BROKEN').and.not.include('s3cret');
      expect(inspect(witness, { depth: 8, showHidden: true })).to.not.include('s3cret');
    });
  }

  // A log line could be forged by what some viewer takes as a line break, or by what a terminal obeys.
  const forged = '\x85\x1b[2J\u2028\u2029\x9b31m\u202e\x00\r\nERROR forged';

  it('escapes what a message contains from outside, and cuts it to 200 characters [R56]', async () => {
    const bytes = '\x85\x9b31m\xe2\x80\xa8';
    const long = 'y'.repeat(1_000);
    const up = await upstream((request) => {
      const type = request.line.includes('type') ? `text/${bytes}${long}` : 'text/event-stream';
      request.raw(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Encoding: ${bytes}${long}\r\n\r\n`);
    });
    const redirecting = await upstream((request) =>
      request.raw(`HTTP/1.1 302 X\r\nLocation: /${bytes}${long}\r\nContent-Length: 0\r\n\r\n`),
    );
    const limits = { acquire: () => ({ ok: false as const, rule: forged + long, kind: 'max' as const }) };
    const scenes: [Partial<SseProxyOptions>, Record<string, string>][] = [
      [{ target: `http://127.0.0.1:${up.port}/type` }, {}],
      [{ target: `http://127.0.0.1:${up.port}/coding` }, {}],
      [{ target: redirecting.url }, {}],
      [{ limits }, {}],
      [{}, { Host: `${bytes}${long}`, Origin: 'http://a' }],
      [{ target: () => `http://${forged}:99999` }, {}],
      [{ upstreamHeaders: () => ({ [forged + long]: 'a' }) }, {}],
      [
        {
          authorize: () => ({ key: forged }) as never,
          limits: { rules: [{ name: 'x', key: () => [forged] as never, max: 1 }] },
        },
        {},
      ],
    ];
    for (const [index, [options, extra]] of scenes.entries()) {
      const { port, witness } = await app({ target: up.url, ...options });
      visit(port, '/sse', extra);
      await until(() => witness.errors.length === 1);
      const { message, rule = '' } = witness.errors[0]!.error;
      expect(message + rule, `scene ${index}`).to.match(/^[^\p{C}\p{Zl}\p{Zp}]+$/u);
      expect(message.length, `scene ${index}`).to.be.below(700);
    }
  });

  it('escapes every message of an SseProxyError [R56]', () => {
    expect(new SseProxyError('ERR_SSE_INTERNAL', { message: `a${forged}` }).message).to.equal(
      'a\\u{85}\\u{1b}[2J\\u{2028}\\u{2029}\\u{9b}31m\\u{202e}\\u{0}\\u{d}\\u{a}ERROR forged',
    );
  });

  it('prints nothing to the console [R56]', async () => {
    const printed: unknown[] = [];
    const { log, info, warn, error, debug } = console;
    const print = (...args: unknown[]) => void printed.push(args);
    Object.assign(console, { log: print, info: print, warn: print, error: print, debug: print });
    try {
      const up = await upstream((request) => request.raw('nonsense'));
      const { port, witness } = await app({ target: up.url });
      const browser = visit(port, '/sse', fields);
      await until(() => browser.complete());
      expect(witness.refusals).to.have.length(1);
    } finally {
      Object.assign(console, { log, info, warn, error, debug });
    }
    expect(printed).to.deep.equal([]);
  });

  it("passes observers the route's template, not the requested path [R56]", async () => {
    const up = await upstream((request) => request.begin());
    const { port, witness } = await app({ target: up.url }, { path: '/sse/:workflow' });
    await visit(port, '/sse/s3cret?token=s3cret').opened();
    await until(() => witness.opens.length === 1);
    expect(witness.opens[0]?.stream.route).to.equal('/sse/:workflow');
    expect(witness.opens[0]?.stream.id).to.match(/^[0-9a-f-]{36}$/);
  });
});
