import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Agent } from 'undici';
import { selfSigned } from './support/certificate.ts';
import { stage } from './support/stage.ts';
import { tlsUpstream } from './support/tls-upstream.ts';
import { until } from './support/until.ts';

describe('TLS to the upstream', () => {
  const { add, clean, app, visit } = stage();
  afterEach(clean);

  const identity = selfSigned();
  const upstreamBehindTls = async () => add(await tlsUpstream(identity), (it) => it.close());
  const agent = (connect: { rejectUnauthorized?: boolean; ca?: string }) =>
    add(new Agent({ connect }), (it) => it.destroy());

  /** Warnings about TLS from now to the end of the test. */
  function warnings() {
    const seen: (Error & { code?: string })[] = [];
    const keep = (warning: Error & { code?: string }) => void seen.push(warning);
    process.on('warning', keep);
    add(keep, () => process.off('warning', keep));
    return () => seen.filter(({ code }) => code === 'SSE_PROXY_TLS_UNVERIFIED').map(({ message }) => message);
  }

  it('an untrusted certificate is refused before anything is sent', async () => {
    const upstream = await upstreamBehindTls();
    const { port, witness } = await app({ target: upstream.url, forwardHeaders: ['authorization'] });
    const browser = visit(port, '/sse', { Authorization: 'Bearer token' });
    await until(() => browser.complete());
    expect(browser.body()).to.match(/"ERR_SSE_UPSTREAM_CONNECT"/);
    expect((witness.errors[0]!.error.cause as { code: string }).code).to.equal('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(upstream.asked()).to.equal(0);
  });

  it('NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the verification off', async () => {
    const child = fileURLToPath(new URL('support/tls-child.ts', import.meta.url));
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { stdout } = await promisify(execFile)(process.execPath, [child], { env });
    expect(JSON.parse(stdout)).to.deep.equal({
      plain: 200,
      status: 502,
      code: 'ERR_SSE_UPSTREAM_CONNECT',
      cause: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      asked: 1,
    });
  });

  it('only an explicit dispatcher switches the verification off, with a warning once per host', async () => {
    const warned = warnings();
    const upstream = await upstreamBehindTls();
    const dispatcher = agent({ rejectUnauthorized: false });
    const { port } = await app({ target: upstream.url, dispatcher });
    await visit(port).sees('data: over TLS\n\n');
    await visit(port).sees('data: over TLS\n\n');
    const other = await upstreamBehindTls();
    await visit((await app({ target: other.url, dispatcher })).port).sees('data: over TLS\n\n');
    await until(() => warned().length === 2);
    expect(warned()).to.deep.equal(
      [upstream, other].map(
        ({ host }) => `TLS to ${host} is not verified: the dispatcher given to sse-proxy switches it off`,
      ),
    );
  });

  it('a dispatcher that verifies, with an authority of its own, is not warned about', async () => {
    const warned = warnings();
    const verified = await upstreamBehindTls();
    const dispatcher = agent({ ca: identity.cert });
    await visit((await app({ target: verified.url, dispatcher })).port).sees('data: over TLS\n\n');
    const unverified = await upstreamBehindTls();
    const careless = await app({ target: unverified.url, dispatcher: agent({ rejectUnauthorized: false }) });
    await visit(careless.port).sees('data: over TLS\n\n');
    await until(() => warned().length > 0);
    expect(warned().join()).to.include(unverified.host).and.not.include(verified.host);
  });

  it("does not warn about the user's own connections", async () => {
    const warned = warnings();
    const dispatcher = agent({ rejectUnauthorized: false });
    const [theirs, ours] = [await upstreamBehindTls(), await upstreamBehindTls()];
    const { body } = await dispatcher.request({ origin: theirs.url.replace(/\/logs.*/, ''), path: '/', method: 'GET' });
    body.on('error', () => {}).destroy();
    await visit((await app({ target: ours.url, dispatcher })).port).sees('data: over TLS\n\n');
    await until(() => warned().length > 0);
    expect(warned().join()).to.include(ours.host).and.not.include(theirs.host);
  });
});
