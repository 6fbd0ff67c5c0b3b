import { expect } from 'chai';
import { Dispatcher, MockAgent } from 'undici';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const events = 'id: 1\ndata: one\n\nid: 2\ndata: two\n\n';

/** Responds within dispatch(), as mocks and caches do. Its second response is 204. */
class SynchronousDispatcher extends Dispatcher {
  requests = 0;

  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let aborted = false;
    const controller = {
      aborted: false,
      paused: false,
      reason: null,
      rawHeaders: undefined,
      rawTrailers: undefined,
      abort: () => {
        aborted = true;
      },
      pause: () => {},
      resume: () => {},
    } as unknown as Dispatcher.DispatchController;
    handler.onRequestStart?.(controller, {});
    const status = ++this.requests === 1 ? 200 : 204;
    if (!aborted) handler.onResponseStart?.(controller, status, { 'content-type': 'text/event-stream' }, '');
    if (!aborted && status === 200) handler.onResponseData?.(controller, Buffer.from(events));
    if (!aborted) handler.onResponseEnd?.(controller, {});
    return true;
  }
}

function mock(): Dispatcher {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const reply = agent.get('http://logs.internal').intercept({ path: '/s' });
  reply.reply(200, events, { headers: { 'content-type': 'text/event-stream' } });
  return agent;
}

describe('a dispatcher that responds within dispatch()', () => {
  const { clean, app, visit } = stage();
  afterEach(clean);

  const modes: [string, Partial<SseProxyOptions>][] = [
    ['dedicated', {}],
    ['shared', { share: true }],
    ['with assigned ids', { share: { ids: 'assign' } }],
    ['transformed', { transform: (event) => event }],
    ['without resume', { resume: false }],
  ];
  for (const [name, options] of modes) {
    for (const dispatcher of [() => new SynchronousDispatcher(), mock]) {
      it(`loses no event of a dispatcher that responds within dispatch() (${name}, ${dispatcher === mock ? 'MockAgent' : 'a dispatcher of our own'})`, async () => {
        const resume = { afterEnd: 'end' } as const;
        const { port } = await app({ target: 'http://logs.internal/s', dispatcher: dispatcher(), resume, ...options });
        const browser = visit(port);
        await until(() => browser.complete());
        expect(browser.body().match(/data: (one|two)/g)).to.deep.equal(['data: one', 'data: two']);
      });
    }
  }
});
