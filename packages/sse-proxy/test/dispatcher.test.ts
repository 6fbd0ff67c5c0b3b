import { expect } from 'chai';
import { Agent, MockAgent, Pool } from 'undici';
import * as undici6 from 'undici6';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const event = (n: number) => `id: ${n}\ndata: ${n}\n\n`;

describe('dispatcher', () => {
  const { add, clean, upstream, app, visit } = stage({ retryMs: false, heartbeatMs: false });
  afterEach(clean);

  /** A MockAgent whose one reply has this body; it responds inside of `dispatch()`, or after `delayMs`. */
  function mock(body: string, delayMs = 0) {
    const agent = new MockAgent();
    agent.disableNetConnect();
    const reply = agent
      .get('http://logs.internal')
      .intercept({ path: '/logs' })
      .reply(200, body, { headers: { 'content-type': 'text/event-stream' } });
    if (delayMs > 0) reply.delay(delayMs);
    return { target: 'http://logs.internal/logs', dispatcher: add(agent, (it) => it.close()) };
  }

  const modes: Record<string, Partial<SseProxyOptions>> = {
    'dedicated mode': {},
    'shared mode': { share: true },
    'a transform': { transform: (it) => it },
    'resume: false': { resume: false },
  };
  for (const [name, options] of Object.entries(modes)) {
    for (const delayMs of [0, 5]) {
      const when = delayMs === 0 ? 'synchronously' : 'later';
      it(`delivers all events of a dispatcher that responds ${when}, with ${name}`, async () => {
        const { port } = await app({ ...mock(event(1) + event(2), delayMs), ...options });
        const browser = visit(port);
        await browser.sees('data: 2\n\n');
        expect(browser.body().match(/^data: \d/gm)).to.deep.equal(['data: 1', 'data: 2']);
      });
    }
  }

  const outdated = {
    Agent: () => new undici6.Agent(),
    Pool: (origin: string) => new undici6.Pool(origin),
    'a composed Agent': () => new undici6.Agent().compose(undici6.interceptors.retry()),
    RetryAgent: () => new undici6.RetryAgent(new undici6.Agent()),
    MockAgent: (origin: string) => {
      const agent = new undici6.MockAgent();
      agent.get(origin).intercept({ path: '/logs/stream' }).reply(200, event(1));
      return agent;
    },
  };
  for (const [name, make] of Object.entries(outdated)) {
    it(`refuses the request for good if the dispatcher is of undici 6: ${name}`, async () => {
      const up = await upstream((request) => request.begin());
      const dispatcher = add(make(`http://127.0.0.1:${up.port}`), (it) => it.close());
      const { port, proxy, witness } = await app({ target: up.url, dispatcher: dispatcher as unknown as Agent });
      const browser = await visit(port).opened();
      expect(browser.status()).to.equal(500);
      await until(() => witness.refusals.length === 1);
      const [{ error }] = witness.errors as [(typeof witness.errors)[0]];
      expect(error.code).to.equal('ERR_SSE_OPTION');
      expect(error.message).to.equal(
        'sse-proxy option dispatcher: expected a dispatcher of undici 7 or newer, got an older one (see README#options)',
      );
      expect(up.requests.length + proxy.stats().upstreamConnections).to.equal(0);
    });
  }

  it('refuses the browser softly if dispatch() throws', async () => {
    const dispatcher = new Agent();
    await dispatcher.close();
    const { port, witness } = await app({ target: 'http://logs.internal/logs', dispatcher });
    const browser = visit(port);
    await until(() => browser.complete());
    expect(browser.body()).to.match(/^event: sse-proxy:refused\n/);
    expect(witness.errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_UPSTREAM_CONNECT']);
  });

  it('aborts the upstream request of a dispatcher when the browser leaves [R40]', async () => {
    const up = await upstream();
    const dispatcher = add(new Pool(`http://127.0.0.1:${up.port}`), (it) => it.destroy());
    const { port, proxy } = await app({ target: up.url, dispatcher });
    const browser = visit(port);
    const request = await up.request();
    request.begin();
    request.send(event(1));
    await browser.sees(event(1));
    browser.socket.destroy();
    await until(() => request.closed() && proxy.stats().upstreamConnections === 0);
  });
});
