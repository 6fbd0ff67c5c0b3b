import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { SourceContext, SseEvent, SseProxyOptions } from '../src/types.ts';
import { pushedSource } from './support/pushed-source.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

type Source = NonNullable<SseProxyOptions['source']>;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const never = new Promise<never>(() => {});

describe('the calls of a source', () => {
  const { clean, app, visit } = stage({ resume: { minDelayMs: 1, maxDelayMs: 5 } });
  afterEach(clean);

  it('the calls of a source are aborted when the browser leaves, first by the signal, then by return(), also during a next() [R40]', async () => {
    const { source, call } = pushedSource();
    const { port, proxy } = await app({ source });
    const browser = visit(port);
    const first = await call();
    await until(() => first.pulls === 1);
    browser.leave();
    await until(() => first.returns);
    expect(first).to.include({ returns: 1, abortedFirst: true, pulls: 1 });
    expect(proxy.stats()).to.include({ upstreamConnections: 0, open: 0 });
  });

  it('a browser that leaves makes the finally block of an async generator run [R40]', async () => {
    let cleaned = 0;
    async function* source(_: unknown, { signal }: SourceContext): AsyncGenerator<SseEvent> {
      try {
        yield { data: 'one' };
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      } finally {
        cleaned++;
      }
    }
    const { port } = await app({ source });
    const browser = visit(port);
    await browser.sees('data: one');
    browser.leave();
    await until(() => cleaned === 1);
  });

  it('a source is aborted when the browser leaves while its promise is pending; what it returns later is closed [R40]', async () => {
    const { promise, resolve } = Promise.withResolvers<AsyncIterable<SseEvent>>();
    let signal: AbortSignal | undefined;
    const source: Source = (_, context) => {
      signal = context.signal;
      return promise;
    };
    const { port, proxy } = await app({ source });
    const browser = visit(port);
    await until(() => signal);
    browser.leave();
    await until(() => signal?.aborted);
    expect(proxy.stats()).to.include({ upstreamConnections: 0, opening: 0 });
    const late = pushedSource();
    const events = late.source({} as never, { lastEventId: undefined, signal: AbortSignal.abort() });
    resolve(events);
    await until(() => late.calls[0]?.returns);
    expect(late.calls[0]?.pulls).to.equal(0);
  });

  it('a source may return a thenable that calls back more than once: its first result counts', async () => {
    const [first, second] = [pushedSource(), pushedSource()];
    const context = { lastEventId: undefined, signal: new AbortController().signal };
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: what is tested is a thenable
      then(resolve: (events: unknown) => void, reject: (error: unknown) => void) {
        resolve(first.source({} as never, context));
        resolve(second.source({} as never, context));
        reject(new Error('late'));
      },
    };
    const { port, proxy } = await app({ source: () => thenable as never });
    const browser = visit(port);
    await until(() => first.calls[0]?.pulls);
    first.calls[0]?.push({ data: 'one' });
    await browser.sees('data: one');
    expect(second.calls[0]?.pulls).to.equal(0);
    browser.leave();
    await until(() => first.calls[0]?.returns);
    expect(proxy.stats().upstreamConnections).to.equal(0);
  });

  it('a source is not called if the browser left before', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const { source, calls } = pushedSource();
    let asked = false;
    const { port, proxy } = await app({
      source,
      authorize: () => {
        asked = true;
        return promise;
      },
    });
    const browser = visit(port);
    await until(() => asked);
    browser.leave();
    await until(() => proxy.stats().opening === 0);
    resolve(true);
    await nextTurn();
    expect(calls).to.deep.equal([]);
  });

  it('a source is not pulled while the browser reads nothing, and again when it reads', async () => {
    let pulled = 0;
    async function* source(): AsyncGenerator<SseEvent> {
      for (; pulled < 1_000; pulled++) yield { data: 'x'.repeat(30_000) };
    }
    const { port, proxy } = await app({ source });
    const browser = visit(port);
    browser.socket.pause();
    // The kernel's buffers fill first.
    let before = -1;
    await until(() => {
      const isStill = pulled === before && proxy.stats().bufferedBytes > 0;
      before = pulled;
      return isStill;
    });
    expect(pulled).to.be.below(900);
    // One chunk beyond the writer's high-water mark.
    expect(proxy.stats().bufferedBytes).to.be.below(200_000);
    browser.socket.resume();
    await until(() => browser.socket.bytesRead > 30_000_000);
    expect(proxy.stats().events).to.equal(1_000);
  });

  it('a source that floods leaves the event loop to others', async () => {
    let pulled = 0;
    async function* source(): AsyncGenerator<SseEvent> {
      for (;;) yield { data: String(pulled++) };
    }
    const { port, proxy } = await app({ source });
    const browser = visit(port);
    await browser.sees('data: 5000\n');
    const atTurn: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      await nextTurn();
      atTurn.push(pulled);
    }
    for (const [turn, count] of atTurn.entries()) expect(count - (atTurn[turn - 1] ?? count)).to.be.at.most(512);
    browser.leave();
    await until(() => proxy.stats().upstreamConnections === 0);
    const after = pulled;
    await nextTurn();
    expect(pulled).to.equal(after);
  });

  it('a source that yields nothing but wrong events and catches the errors leaves the event loop to others', async () => {
    let thrown = 0;
    async function* source(): AsyncGenerator<SseEvent> {
      for (;;) {
        try {
          yield {} as SseEvent;
        } catch {
          thrown++;
        }
      }
    }
    const { port } = await app({ source });
    visit(port);
    await until(() => thrown > 100);
  });

  it('a source that throws at once is called again only with the backoff, not in a loop', async () => {
    let calls = 0;
    const source: Source = () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => {
          calls++;
          throw new Error('down');
        },
      }),
    });
    const { port, proxy } = await app({
      source,
      resume: { minDelayMs: 60_000, maxDelayMs: 60_000, maxOutageMs: 90_000 },
    });
    const browser = await visit(port).opened();
    await until(() => calls === 1 && proxy.stats().upstreamConnections === 0);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(calls).to.equal(1);
    expect(browser.closed()).to.equal(false);
  });

  it('what a source yields after its browser has left is ignored', async () => {
    const { source, call } = pushedSource();
    const { port, proxy, witness } = await app({ source });
    const browser = visit(port);
    const first = await call();
    await browser.opened();
    browser.leave();
    await until(() => first.returns);
    first.push({ id: '1', data: 'late' }, { data: 5 });
    first.fail(new Error('late'));
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    expect(proxy.stats()).to.include({ events: 0, upstreamConnections: 0 });
    expect(first.pulls).to.equal(1);
    expect(witness.closes).to.have.length(1);
  });

  const hanging: Record<string, Source> = {
    'whose next() never settles': async function* () {
      yield { data: 'one' };
      await never;
    },
    'whose return() never settles': () => {
      let pulls = 0;
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => (pulls++ === 0 ? Promise.resolve({ done: false as const, value: { data: 'one' } }) : never),
          return: () => never,
        }),
      };
    },
    'whose return() throws': () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => never,
        return: () => {
          throw new Error('no');
        },
      }),
    }),
    'whose return() rejects': () => ({
      [Symbol.asyncIterator]: () => ({ next: () => never, return: () => Promise.reject(new Error('no')) }),
    }),
    'whose return can’t be read': () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => never,
        get return(): never {
          throw new Error('no');
        },
      }),
    }),
    'without return()': () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }),
    'whose promise never settles': () => never,
  };
  for (const [name, source] of Object.entries(hanging)) {
    it(`no request stays in memory after its browser has left a source ${name} [R42] [R45]`, async () => {
      const requests: WeakRef<object>[] = [];
      const { port, proxy } = await app({
        source: (req, context) => {
          requests.push(new WeakRef(req));
          return source(undefined as never, context);
        },
        openAfterMs: 1,
      });
      for (let n = 0; n < 3; n++) {
        const browser = await visit(port).opened();
        browser.leave();
        await until(() => proxy.stats().upstreamConnections === 0);
      }
      await until(() => {
        collectGarbage();
        return requests.every((request) => request.deref() === undefined);
      });
      expect(requests).to.have.length(3);
    });

    it(`close() does not wait for a source ${name}`, async () => {
      const { port, proxy } = await app({ source, openAfterMs: 1 });
      const browser = await visit(port).opened();
      await proxy.close();
      await until(() => browser.complete());
      expect(proxy.stats()).to.include({ upstreamConnections: 0, open: 0 });
    });
  }
});
