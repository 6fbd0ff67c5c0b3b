import { expect } from 'chai';
import { browseRaw, type RawBrowser } from './support/browser.ts';
import { vandal } from './support/recorder.ts';
import { later, never, type RefusalScene } from './support/refusals.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const { random } = Math;

/** A whole response without its Date. */
const bytes = (browser: RawBrowser) => browser.wire().replace(/^Date: [^\r]+\r\n/m, '');

const kept = 'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n';
const connection = ({ closes }: RefusalScene) => (closes ? 'Connection: close\r\n' : kept);

/** The problem document of a refusal by status. */
function problem(code: string, scene: RefusalScene, retryAfter = ''): string {
  const { status, title, extra = '' } = scene;
  const body = `{"title":"${title}","status":${status},"code":"${code}"}`;
  return (
    `Cache-Control: no-store\r\n${retryAfter}${extra}Content-Type: application/problem+json\r\n` +
    `Content-Length: ${body.length}\r\n${connection(scene)}\r\n${body}`
  );
}

/** The response after its status line. Node decides where `Connection: close` stands. */
function behindStatus(wire: string): string {
  const rest = wire.slice(wire.indexOf('\r\n') + 2).replace(/^ETag: [^\r]+\r\n/m, '');
  const close = 'Connection: close\r\n';
  return rest.startsWith(close) ? rest.slice(close.length).replace('\r\n\r\n', `\r\n${close}\r\n`) : rest;
}

// An observer tries to change every response [R60].
describe('a refusal', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(async () => {
    Math.random = random;
    await clean();
  });

  async function refused(scene: RefusalScene, refuse: 'soft' | 'status', request = scene.request) {
    const { answer } = scene;
    const up = await upstream((seen) => {
      if (answer === null) seen.socket.end();
      else if (answer !== undefined) seen.raw(answer);
    });
    const proxied = await app(
      { target: `${up.url}?token=s3cret`, refuse, observers: [vandal], ...scene.options },
      scene.path === undefined ? {} : { path: scene.path },
    );
    const come = (id?: string) => visit(proxied.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id });
    await scene.before?.({ ...proxied, up, visit: come });
    // Half of the jitter.
    Math.random = () => 0.5;
    const sent = request ?? 'GET /sse HTTP/1.1\r\nHost: a\r\nAuthorization: s3cret\r\n\r\n';
    const browser = add(browseRaw(proxied.port, sent), (it) => it.leave());
    return { browser, witness: proxied.witness, proxy: proxied.proxy };
  }

  for (const [code, scene] of Object.entries(later)) {
    it(`sends ${code} softly as a complete stream with a retry time, a reason and no id [R57]`, async () => {
      const { browser, witness } = await refused(scene, 'soft');
      await until(() => browser.complete());
      const event =
        'event: sse-proxy:refused\nretry: 7500\n' +
        `data: {"reason":"${scene.reason}","code":"${code}","retryMs":7500}\n\n`;
      const fields =
        'Content-Type: text/event-stream; charset=utf-8\r\n' +
        'Cache-Control: private, no-store, no-cache, no-transform\r\nX-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\n';
      const [before, after] = scene.closes ? [connection(scene), ''] : ['', kept];
      expect(bytes(browser)).to.equal(
        `HTTP/1.1 200 OK\r\n${before}${fields}${after}Transfer-Encoding: chunked\r\n\r\n` +
          `${event.length.toString(16)}\r\n${event}\r\n0\r\n\r\n`,
      );
      if (scene.closes) await until(() => browser.closed());
      const [told] = witness.refusals;
      expect([told?.status, told?.retryMs, told?.error.code]).to.deep.equal([200, 7500, code]);
    });

    it(`sends ${code} by status with Retry-After and a problem document`, async () => {
      const { browser, witness } = await refused(scene, 'status');
      await until(() => browser.complete());
      expect(browser.status()).to.equal(scene.status);
      expect(behindStatus(bytes(browser))).to.equal(problem(code, scene, 'Retry-After: 8\r\n'));
      const [told] = witness.refusals;
      expect([told?.status, told?.retryMs, told?.error.code]).to.deep.equal([scene.status, 7500, code]);
    });
  }

  for (const [code, scene] of Object.entries(never)) {
    if (scene.status === 204 || code === 'ERR_SSE_PIPELINED') continue;
    for (const mode of ['soft', 'status'] as const) {
      it(`sends ${code} as ${scene.status} without Retry-After, refuse: '${mode}'`, async () => {
        const { browser, witness } = await refused(scene, mode);
        await until(() => browser.complete());
        expect(browser.status()).to.equal(scene.status);
        expect(behindStatus(bytes(browser))).to.equal(problem(code, scene));
        const [told] = witness.refusals;
        expect([told?.status, told?.retryMs, told?.error.code]).to.deep.equal([scene.status, undefined, code]);
      });
    }
  }

  it('relays 204 without a body, in either mode [R2]', async () => {
    for (const mode of ['soft', 'status'] as const) {
      const { browser, witness } = await refused(never.ERR_SSE_UPSTREAM_NO_CONTENT, mode);
      await until(() => browser.wire().endsWith('\r\n\r\n'));
      expect(bytes(browser)).to.equal(`HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\n${kept}\r\n`);
      expect(witness.refusals.map(({ status, retryMs }) => [status, retryMs])).to.deep.equal([[204, undefined]]);
    }
  });

  it('sends ERR_SSE_PIPELINED after the response before it, without Retry-After', async () => {
    const scene = never.ERR_SSE_PIPELINED;
    const { browser, proxy, witness } = await refused(scene, 'soft');
    await until(() => browser.wire().includes('\r\n\r\n{') && browser.wire().endsWith('}'));
    const second = bytes(browser).slice(browser.wire().indexOf('HTTP/1.1 503 ') - browser.wire().length);
    expect(second.startsWith('HTTP/1.1 503 Service Unavailable\r\n')).to.equal(true);
    expect(behindStatus(second).replace(/^Date: [^\r]+\r\n/m, '')).to.equal(problem('ERR_SSE_PIPELINED', scene));
    expect(proxy.stats()).to.include({ refused: 1, opening: 0 });
    expect(witness.refusals.map(({ error, status }) => [error.code, status])).to.deep.equal([
      ['ERR_SSE_PIPELINED', 503],
    ]);
  });

  for (const mode of ['soft', 'status'] as const) {
    it(`refuses HEAD by status alone, with refuse: '${mode}' [R10]`, async () => {
      const head = 'HEAD /sse HTTP/1.1\r\nHost: a\r\n\r\n';
      const { browser } = await refused(later.ERR_SSE_DRAINING, mode, head);
      await until(() => browser.wire().includes('\r\n\r\n'));
      const { status } = later.ERR_SSE_DRAINING;
      const whole = problem('ERR_SSE_DRAINING', later.ERR_SSE_DRAINING, 'Retry-After: 8\r\n');
      expect(browser.status()).to.equal(status);
      expect(behindStatus(bytes(browser))).to.equal(whole.slice(0, whole.indexOf('\r\n\r\n') + 4));

      const no = await refused(never.ERR_SSE_FORBIDDEN, mode, head);
      await until(() => no.browser.wire().includes('\r\n\r\n'));
      expect(no.browser.status()).to.equal(403);
      expect(no.browser.wire()).to.not.include('Retry-After').and.not.include('{');
    });
  }

  it('a refusal contains nothing of the request, the hooks or the upstream [R56]', async () => {
    const scenes = [...Object.values(later), ...Object.values(never)];
    const wires: string[] = [];
    for (const scene of scenes) {
      for (const mode of ['soft', 'status'] as const) {
        const { browser, witness, proxy } = await refused(scene, mode);
        await until(() => proxy.stats().refused > 0 && witness.refusals.length === proxy.stats().refused);
        await until(() => browser.complete() || browser.status() === 204 || browser.wire().endsWith('}'));
        wires.push(browser.wire(), ...witness.errors.map(({ error }) => error.message));
      }
    }
    // One response and one message per refusal.
    expect(wires).to.have.length(4 * scenes.length);
    for (const wire of wires) expect(wire).to.not.match(/s3cret|[?]/);
  });
});
