import { expect } from 'chai';
import fc from 'fast-check';
import { parseEvent, serializeEvent } from '../src/sse/events.ts';
import type { SseEvent, SseProxyOptions } from '../src/types.ts';
import { framing } from './support/frames.ts';
import { browserReads, soup } from './support/soup.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('events that the proxy writes', () => {
  const { clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('a refused event is exactly this: no id, JSON on one line [R57]', async () => {
    const up = await upstream();
    const { port } = await app({
      target: up.url,
      limits: { acquire: () => ({ ok: false, rule: 'user', kind: 'max' }) },
    });
    const browser = visit(port);
    await until(() => browser.complete());
    expect(browser.body()).to.match(
      /^event: sse-proxy:refused\nretry: (\d+)\ndata: \{"reason":"limit","code":"ERR_SSE_LIMIT_KEY","retryMs":\1\}\n\n$/,
    );
  });

  it('an end event is exactly this, after whole events only [R57]', async () => {
    const { app: proxied, browser, request } = await opened();
    request.send('id: 7\ndata: a\n\nid: 8\ndata: half');
    await browser.sees('data: a\n\n');
    void proxied.proxy.close();
    await until(() => browser.complete());
    const end = /event: sse-proxy:end\nretry: (\d+)\ndata: \{"reason":"draining","retryMs":\1\}\n\n$/;
    expect(browser.body()).to.match(end);
    expect(browser.body().replace(end, '')).to.equal('id: 7\ndata: a\n\n');
    const seen = browserReads(Buffer.from(browser.body(), 'latin1'));
    expect([seen.id, seen.events.at(-1)?.event]).to.deep.equal(['7', 'sse-proxy:end']);
  });

  it('no text of a limiter reaches the wire, only the listed reasons [R57]', async () => {
    const up = await upstream();
    const limits = { acquire: () => ({ ok: false, rule: 'x\n\nid: 1', kind: 'x\n\nid: 1' }) };
    const { port, witness } = await app({
      target: up.url,
      limits: limits as unknown as NonNullable<SseProxyOptions['limits']>,
    });
    const browser = visit(port);
    await until(() => browser.complete());
    expect(browser.body()).to.match(/^event: sse-proxy:refused\nretry: \d+\ndata: \{[^\n]*"ERR_SSE_HOOK"[^\n]*\}\n\n$/);
    expect(witness.errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_HOOK']);
  });

  /** What arrives when the upstream sends `sent` and `transform` changes it. */
  async function transformed(sent: string, transform: NonNullable<SseProxyOptions['transform']>): Promise<string> {
    const { browser, request } = await opened({ transform });
    request.send(sent);
    request.end();
    await until(() => browser.complete());
    return browser.body();
  }

  it('CR, LF and NUL of a transformed event cannot break out of its fields [R57]', async () => {
    const evil: SseEvent = { id: '1\r\ndata: evil\0', event: 'a\nid: 9\rb', data: 'x\r\n\r\nid: 9\ry\n', retry: 5 };
    expect(await transformed('data: a\n\n', () => evil)).to.equal(
      'id: 1data: evil\nevent: aid: 9b\nretry: 5\ndata: x\ndata: \ndata: id: 9\ndata: y\ndata: \n\n',
    );
  });

  it('a retry of a transformed event is written only if it is a whole number [R57]', async () => {
    for (const retry of ['5\n\ndata: evil', -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e21, null]) {
      const event = { data: 'b', retry } as unknown as SseEvent;
      expect(await transformed('data: a\n\n', () => event), String(retry)).to.equal('data: b\n\n');
    }
  });

  it('fields of a transformed event that are no strings are written as text [R57]', async () => {
    const event = { data: 'b', id: 7, event: { toString: () => 'x\n\ny' } } as unknown as SseEvent;
    expect(await transformed('data: a\n\n', () => event)).to.equal('id: 7\nevent: xy\ndata: b\n\n');
  });

  it('the id of a dropped event is sent alone, so that the cursor moves on [R23]', async () => {
    const body = await transformed('id: 7\ndata: a\n\ndata: b\n\n: c\nid: 8\ndata: d\n\n', ({ data }) =>
      data === 'd' ? { data: 'e', id: '8' } : null,
    );
    expect(body).to.equal('id: 7\n\n: c\nid: 8\ndata: e\n\n');
    expect(await transformed('id: 7\n\nid\ndata: a\n\n', () => null)).to.equal('id: 7\n\nid: \n\n');
  });

  it('comments and lone fields pass a transform as they came [R27]', async () => {
    const bytes = ': c\n\nid: 5\n\nretry: 9\r\n\r\nevent: x\n\n';
    expect(await transformed(bytes, () => ({ data: 'never' }))).to.equal(bytes);
  });

  it('a transform sees the event that a browser would dispatch', () => {
    fc.assert(
      fc.property(soup, (bytes) => {
        const kept = framing();
        kept.framer.push(bytes);
        const frames = kept.frames.filter((frame) => frame.endsWith('!'));
        const seen = frames.map((frame) => parseEvent(Buffer.from(frame.slice(0, -1), 'latin1')));
        const direct = browserReads(bytes).events;
        expect(seen.map(({ data, event, id }) => ({ data, event, id }))).to.deep.equal(
          direct.map(({ data, event, id }) => ({ data, event, id })),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('whatever the fields hold, one event is written and a browser reads it back [R57]', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('\r', '\n', '\0', ':', ' '), fc.string({ unit: 'grapheme' })),
    });
    fc.assert(
      fc.property(text, fc.option(text), fc.option(text), (data, id, event) => {
        const written = serializeEvent({ data, ...(id === null ? {} : { id }), ...(event === null ? {} : { event }) });
        const read = browserReads(Buffer.from(`\n${written}data: next\n\n`));
        expect(read.events).to.have.length(2);
        expect(read.events[1]).to.deep.equal({ id: undefined, event: undefined, data: 'next' });
        const clean = (value: string | null) => value?.replace(/[\r\n\0]/g, '');
        expect(read.events[0]).to.deep.equal({
          data: data.replace(/\r\n|\r/g, '\n'),
          id: clean(id),
          event: clean(event) || undefined,
        });
      }),
      { numRuns: 1_000 },
    );
  });
});
