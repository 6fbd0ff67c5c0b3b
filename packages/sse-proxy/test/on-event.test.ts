import { expect } from 'chai';
import { Framer } from '../src/sse/framer.ts';
import type { EventContext, SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const sent =
  ': comment\nid: 1\ndata: one\n\nevent: b\r\ndata: two\r\ndata: lines\r\n\r\nretry: 9\n\nid: 3\ndata: {}\n\n';
const events = [
  { id: '1', data: 'one' },
  { event: 'b', data: 'two\nlines' },
  { id: '3', data: '{}' },
];

const modes: [name: string, options: Partial<SseProxyOptions>, expected: object[]][] = [
  ['a dedicated stream', {}, events],
  ['a shared stream', { share: { join: 'live' } }, events],
  [
    'a stream with a transform',
    { transform: (event) => (event.id === '1' ? null : { ...event, data: event.data.toUpperCase() }) },
    [{ event: 'b', data: 'TWO\nLINES' }, events[2] as object],
  ],
];

describe('onEvent', () => {
  const { clean, opened, visit } = stage({});
  afterEach(clean);

  /** An observer that keeps what its hooks were called with, in order. */
  function watcher() {
    const calls: [hook: string, context: EventContext][] = [];
    const keep = (hook: string) => (context: unknown) => void calls.push([hook, context as EventContext]);
    return {
      calls,
      observer: { onFirstEvent: keep('onFirstEvent'), onEvent: keep('onEvent'), onClose: keep('onClose') },
    };
  }

  for (const [name, options, expected] of modes) {
    it(`onEvent is called for each event of ${name} as it was written, after onFirstEvent and before onClose`, async () => {
      const { calls, observer } = watcher();
      const { app, browser, request } = await opened({ observers: [observer], ...options });
      request.send(sent);
      await browser.sees(/ransform/.test(name) ? 'data: {}\n\n' : 'id: 3\ndata: {}\n\n');
      browser.leave();
      await until(() => calls.at(-1)?.[0] === 'onClose');
      expect(calls.map(([hook]) => hook)).to.deep.equal(['onFirstEvent', ...expected.map(() => 'onEvent'), 'onClose']);
      const seen = calls.filter(([hook]) => hook === 'onEvent').map(([, context]) => context);
      expect(seen.map(({ event }) => event)).to.deep.equal(expected);
      expect(seen.every((context) => Object.isFrozen(context) && Object.isFrozen(context.event))).to.equal(true);
      expect(seen[0]?.stream).to.equal(app.witness.opens[0]?.stream);
    });
  }

  it('onEvent is called for each browser of a shared feed, and not for gaps and other events of the proxy', async () => {
    const { calls, observer } = watcher();
    const { app, browser, request, upstream } = await opened({
      observers: [observer],
      share: { join: 'live' },
      resume: { minDelayMs: 5, maxDelayMs: 10 },
    });
    const second = await visit(app.port).opened();
    request.send('data: one\n\n');
    await second.sees('one\n\n');
    request.reset();
    (await upstream.request(1)).begin();
    await browser.sees('"reason":"no-ids"');
    (await upstream.request(1)).send('data: two\n\n');
    await until(() => [browser, second].every((it) => it.body().endsWith('data: two\n\n')));
    const data = calls.flatMap(([hook, { event }]) => (hook === 'onEvent' ? [event.data] : []));
    expect(data).to.deep.equal(['one', 'one', 'two', 'two']);
  });

  for (const [name, observer, parses] of [
    ['no observer has onEvent', {}, 1],
    ['an observer has onEvent', { onEvent: () => {} }, 2],
  ] as const) {
    it(`each chunk is parsed ${parses === 1 ? 'once, by the upstream’s framer,' : 'once more for its browser'} if ${name}`, async () => {
      const { push } = Framer.prototype;
      let pushes = 0;
      Framer.prototype.push = function (chunk) {
        pushes++;
        push.call(this, chunk);
      };
      try {
        const { browser, request } = await opened({ observers: [observer] });
        request.send('data: one\n\ndata: two\n\n');
        await browser.sees('two\n\n');
        expect(pushes).to.equal(parses);
      } finally {
        Framer.prototype.push = push;
      }
    });
  }

  it('onEvent may close the proxy: no event is reported after onClose', async () => {
    const { calls, observer } = watcher();
    let close = () => {};
    const { app, browser, request } = await opened({ observers: [observer, { onEvent: () => close() }] });
    close = () => void app.proxy.close();
    request.send('data: one\n\ndata: two\n\n');
    await until(() => browser.closed());
    expect(calls.map(([hook]) => hook)).to.deep.equal(['onFirstEvent', 'onEvent', 'onClose']);
  });
});
