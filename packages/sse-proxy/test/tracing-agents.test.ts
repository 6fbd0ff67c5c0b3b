import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { Agent } from 'undici';
import type { SseProxyOptions } from '../src/types.ts';
import { handmadeAgent, isObserved } from './support/agents.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const theirs = { traceparent: '00-11111111111111111111111111111111-1111111111111111-01', tracestate: 'theirs=1' };
const ours = '00-22222222222222222222222222222222-2222222222222222-01';

type Change = Parameters<typeof handmadeAgent>[0];

describe('tracing fields', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  /** The tracing fields of one upstream request: name and value, as they were sent. */
  async function sent(change: Change | undefined, options: Partial<SseProxyOptions> = {}) {
    if (change) add(handmadeAgent(change), (agent) => agent.stop());
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, ...options });
    visit(port, '/sse', { ...theirs, 'X-Request-Id': 'r-1' });
    const { head } = await up.request();
    return head.split('\r\n').filter((line) => /^(traceparent|tracestate|x-request-id|b3):/i.test(line));
  }

  const forwarded = [`traceparent: ${theirs.traceparent}`, `tracestate: ${theirs.tracestate}`];
  const cases: [name: string, change: Change | undefined, expected: string[]][] = [
    ['are forwarded without an agent', undefined, forwarded],
    ['are forwarded if an agent only listens', () => {}, forwarded],
    [
      'are those of an agent that adds its own',
      (request) => request.addHeader('traceparent', ours),
      [`traceparent: ${ours}`],
    ],
    [
      'are those of an agent that adds none where there is one',
      (request) => void (request.headers.includes('traceparent') || request.addHeader('Traceparent', ours)),
      [`Traceparent: ${ours}`],
    ],
    [
      'are those of an agent that writes into the list of fields',
      (request) => void request.headers.push('traceparent', ours, 'tracestate', 'ours=1'),
      [`traceparent: ${ours}`, 'tracestate: ours=1'],
    ],
    [
      'are forwarded beside those of an agent with another format',
      (request) => request.addHeader('b3', '2-2-1'),
      ['b3: 2-2-1', ...forwarded],
    ],
  ];
  for (const [name, change, expected] of cases) {
    for (const isOwn of [false, true]) {
      it(`tracing fields ${name}${isOwn ? ", with a dispatcher of the user's" : ''}`, async () => {
        const options = isOwn ? { dispatcher: add(new Agent(), (agent) => agent.destroy()) } : {};
        expect(await sent(change, options)).to.have.members([...expected, 'x-request-id: r-1']);
      });
    }
  }

  it('tracing fields are added to no other request of the process', async () => {
    add(
      handmadeAgent(() => {}),
      (agent) => agent.stop(),
    );
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url });
    visit(port, '/sse', theirs);
    await up.request();
    const other = fetch(up.url).then((response) => response.body?.cancel());
    expect((await up.request(1)).headers).to.not.have.property('traceparent');
    await other;
  });

  it('a stopped agent leaves no subscriber behind', async () => {
    const agent = handmadeAgent(() => {});
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url });
    await visit(port).opened();
    agent.stop();
    expect(isObserved()).to.equal(false);
  });

  it('an agent sees one end of each request: complete when the browser leaves, an error when the upstream breaks', async () => {
    const agent = add(
      handmadeAgent(() => {}),
      (it) => it.stop(),
    );
    const up = await upstream((request) => request.begin());
    const { port, proxy } = await app({ target: up.url });
    const browsers = [visit(port), visit(port), visit(port)];
    await Promise.all(browsers.map((browser) => browser.opened()));
    up.requests[0]?.reset();
    await until(() => agent.ends.length === 1);
    up.requests[1]?.end();
    await until(() => agent.ends.length === 2);
    for (const browser of browsers) browser.leave();
    await until(() => proxy.stats().upstreamConnections === 0 && up.open() === 0);
    expect(agent.ends.map((end) => (end instanceof Error ? (end as { code?: string }).code : end))).to.deep.equal([
      'ERR_SSE_UPSTREAM_BROKEN',
      'complete',
      'complete',
    ]);
  });
});

describe("the application's functions run in the context of their browser's request", () => {
  const { clean, upstream, app, visit } = stage({ resume: { minDelayMs: 1, maxDelayMs: 2 } });
  afterEach(clean);

  for (const share of [false, true]) {
    it(`the application’s functions run in their request’s context at the request, at a resume, when called again and at the end${share ? ', on a shared feed' : ''}`, async () => {
      const current = new AsyncLocalStorage<string>();
      const calls: string[] = [];
      const note = (what: string) => (seen: { headers?: unknown; stream?: { key?: unknown } }) => {
        const { 'x-user': user } = (seen.headers ?? {}) as { 'x-user'?: string };
        calls.push(`${what} ${user ?? String(seen.stream?.key)} in ${current.getStore()}`);
      };
      const up = await upstream((request) => request.begin());
      const { port } = await app(
        {
          target: up.url,
          share,
          reauthorizeMs: 20,
          authorize: (req) => {
            note('authorize')(req);
            return { key: String(req.headers['x-user']) };
          },
          upstreamHeaders: (req) => {
            note('upstreamHeaders')(req);
            return {};
          },
          observers: [{ onOpen: note('onOpen'), onClose: note('onClose') }],
        },
        { before: (it) => it.use((req, _res, next) => current.run(String(req.headers['x-user']), next)) },
      );
      const browsers = ['ann', 'bob'].map((user) => visit(port, '/sse', { 'X-User': user }));
      await Promise.all(browsers.map((browser) => browser.opened()));
      up.requests[0]?.send('id: 1\ndata: one\n\n');
      await browsers[0]?.sees('one\n\n');
      for (const request of [...up.requests]) request.reset();
      const times = (what: string) => calls.filter((call) => call.startsWith(what)).length;
      await until(() => times('upstreamHeaders') >= 4 && times('authorize bob') >= 2 && times('authorize ann') >= 2);
      for (const browser of browsers) browser.leave();
      await until(() => times('onClose') === 2);
      for (const call of calls) expect(call).to.match(/ (ann|bob) in \1$/);
    });
  }
});
