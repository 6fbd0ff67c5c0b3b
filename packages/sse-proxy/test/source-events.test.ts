import { once } from 'node:events';
import { expect } from 'chai';
import { SseProxyError } from '../src/index.ts';
import { iteratorOf } from '../src/source/iterator.ts';
import { encodeEvent } from '../src/source/source-event.ts';
import type { SseEvent } from '../src/types.ts';
import { pushedSource } from './support/pushed-source.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const secret = 's3cret';

/** What a source may not yield → the field that the error names. */
const wrong: [unknown, string][] = [
  [undefined, 'event'],
  [null, 'event'],
  [secret, 'event'],
  [5, 'event'],
  [{}, 'event.data'],
  [[secret], 'event.data'],
  [{ data: undefined }, 'event.data'],
  [{ data: { text: secret } }, 'event.data'],
  [{ data: Buffer.from(secret) }, 'event.data'],
  [{ data: 5 }, 'event.data'],
  [{ data: secret, id: 5 }, 'event.id'],
  [{ data: secret, id: null }, 'event.id'],
  [{ data: secret, id: `${secret}\n` }, 'event.id'],
  [{ data: secret, id: `${secret}\r` }, 'event.id'],
  [{ data: secret, id: `${secret}\0` }, 'event.id'],
  [{ data: secret, id: `${secret}\ud800` }, 'event.id'],
  [{ data: secret, event: 5 }, 'event.event'],
  [{ data: secret, event: `${secret}\ndata: x` }, 'event.event'],
  [{ data: secret, event: `${secret}\0` }, 'event.event'],
  [{ data: secret, retry: '5' }, 'event.retry'],
  [{ data: secret, retry: -1 }, 'event.retry'],
  [{ data: secret, retry: 1.5 }, 'event.retry'],
  [{ data: secret, retry: Number.NaN }, 'event.retry'],
  [{ data: secret, event: 'sse-proxy:end' }, 'event.event'],
  [{ data: secret, event: 'sse-proxy:' }, 'event.event'],
  [{ data: secret, event: 'sse-proxy:gap', id: secret }, 'event.id'],
];

describe('events of a source', () => {
  const { clean, app, visit } = stage({ resume: { minDelayMs: 1, maxDelayMs: 5 } });
  afterEach(clean);

  it('events of a source are refused with an error that names the wrong field and shows no value [R56] [R57]', () => {
    for (const [event, field] of wrong) {
      expect(() => encodeEvent(event))
        .to.throw(SseProxyError)
        .that.satisfies(({ code, message }: SseProxyError) => {
          expect(message).to.match(new RegExp(`^sse-proxy source: ${field}: expected .*, got `));
          expect(message).to.not.include(secret);
          return code === 'ERR_SSE_SOURCE_EVENT';
        });
    }
  });

  it('events of a source leave no rejection unhandled where a promise stands in the place of an event, its data, or an iterator [R45]', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    try {
      const failed = () => Promise.reject(new Error(secret));
      expect(() => encodeEvent(failed())).to.throw(SseProxyError);
      expect(() => encodeEvent({ data: failed() })).to.throw(SseProxyError);
      expect(() => iteratorOf({ [Symbol.asyncIterator]: failed })).to.throw(SseProxyError);
      // Node reports an unhandled rejection before the next turn.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).to.deep.equal([]);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const each of others) process.on('unhandledRejection', each);
    }
  });

  it('events of a source may have an empty type, an empty id, and every character in the data', () => {
    expect(encodeEvent({ data: '\u2028\0', event: '', id: '', retry: 0 })).to.equal(
      'id: \nretry: 0\ndata: \u2028\0\n\n',
    );
  });

  it('events of a source may have any well-formed Unicode in their id and type, also outside of the Basic Multilingual Plane', () => {
    expect(encodeEvent({ id: 'ü€\u{1f600}', event: '\u{10ffff}\ue000', data: '' })).to.equal(
      'id: ü€\u{1f600}\nevent: \u{10ffff}\ue000\ndata: \n\n',
    );
  });

  it('events of a source are read once per field: a getter can’t send what was not checked [R57]', () => {
    let reads = 0;
    const event = {
      data: 'x',
      get id() {
        return reads++ === 0 ? 'ok' : 'x\ndata: forged';
      },
    };
    expect(encodeEvent(event)).to.equal('id: ok\ndata: x\n\n');
  });

  it('events of a source with a wrong field throw at the yield; a source that catches the error goes on', async () => {
    const caught: unknown[] = [];
    async function* source(): AsyncGenerator<SseEvent> {
      yield { id: '1', data: 'one' };
      for (const [event] of wrong) {
        try {
          yield event as SseEvent;
        } catch (error) {
          caught.push(error);
        }
      }
      yield { id: '2', data: 'two' };
      await once(new EventTarget(), 'never');
    }
    const { port, witness } = await app({ source, retryMs: false });
    const browser = visit(port);
    const body = await browser.sees('data: two\n\n');
    expect(body).to.equal('id: 1\ndata: one\n\nid: 2\ndata: two\n\n');
    expect(caught.map((error) => (error as SseProxyError).code)).to.deep.equal(wrong.map(() => 'ERR_SSE_SOURCE_EVENT'));
    expect(witness.resumes).to.deep.equal([]);
  });

  it('an event with a wrong field makes its upstream lost if the source does not catch the error', async () => {
    const { source, call, calls } = pushedSource();
    const { port, witness } = await app({ source });
    const browser = visit(port);
    const first = await call();
    first.push({ id: '1', data: 'one' }, { id: 'a\nb', data: 'x' }, { id: '3', data: 'three' });
    const second = await call(1);
    expect(first.thrown).to.have.length(1);
    expect(second.lastEventId).to.equal('1');
    second.push({ id: '2', data: 'two' });
    expect(await browser.sees('data: two')).to.not.include('three');
    expect(calls).to.have.length(2);
    expect(witness.losses[0]?.error).to.include({ code: 'ERR_SSE_SOURCE_EVENT' });
    expect(witness.losses[0]?.error.message).to.include('event.id');
  });

  it('an event with a wrong field closes an iterator that has no throw()', async () => {
    let returns = 0;
    const events = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: { data: 5 } as never }),
        return: async () => ({ done: true as const, value: void returns++ }),
      }),
    };
    const { port, witness } = await app({ source: () => events, resume: false });
    const browser = visit(port);
    await until(() => browser.closed());
    expect(returns).to.equal(1);
    expect(witness.closes[0]?.error).to.include({ code: 'ERR_SSE_SOURCE_EVENT' });
  });

  it('a source may report a gap of its own, which is also sent to returning browsers of a shared feed', async () => {
    const { source, call } = pushedSource();
    const { port, witness } = await app({ source, share: { key: () => 'all' } });
    const browser = visit(port);
    const first = await call();
    const gap = '{"reason":"unknown-id","from":"2026-01-01T00:00:00.000Z","to":"2026-01-01T00:00:00.000Z"}';
    first.push({ id: '1', data: 'one' }, { event: 'sse-proxy:gap', data: gap }, { id: '2', data: 'two' });
    const expected = `id: 1\ndata: one\n\nevent: sse-proxy:gap\ndata: ${gap}\n\nid: 2\ndata: two\n\n`;
    await browser.sees(expected);
    await visit(port, '/sse', { 'Last-Event-ID': '1' }).sees(expected.slice(expected.indexOf('event:')));
    expect(witness.closes).to.deep.equal([]);
  });
});
