import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import type { Inspectable } from '../../sse-proxy/src/types.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { age, bytes, count } from '../src/admin/format.ts';
import { adminPage } from '../src/index.ts';
import type { AdminPageOptions } from '../src/types.ts';

const hostile = `<img src=x onerror="alert('s3cret')">\u202e&`;

describe('adminPage', () => {
  const { add, clean, visit, opened } = stage({});
  afterEach(clean);

  async function served(options: AdminPageOptions, path = '/admin/streams') {
    const page = adminPage({ refreshMs: 100, ...options });
    const server = http.createServer(express().use(path, page)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    add(server, async (it) => {
      it.closeAllConnections();
      it.close();
      await once(it, 'close');
    });
    return {
      page,
      server,
      get: (rest = '', init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}${rest}`, init),
    };
  }

  /** The views that a live response has sent so far. */
  async function live(response: Response) {
    const reader = response.body!.getReader();
    let text = '';
    let isOver = false;
    void (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        text += Buffer.from(value).toString();
      }
      isOver = true;
    })();
    // The page may have ended the stream, or broken it, before.
    add(reader, (it) => it.cancel().catch(() => {}));
    const views = () => [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!));
    return { views, isOver: () => isOver };
  }

  it('shows open streams and feeds as HTML that no text from outside can break [R56]', async () => {
    const { app, browser, request } = await opened({
      share: true,
      authorize: () => ({ key: hostile, fields: { workflow: hostile } }),
    });
    request.send('id: 1\ndata: s3cret\n\n');
    await browser.sees('s3cret\n\n');
    const { get } = await served({ proxies: [app.proxy], title: 'A <b>' });
    const answer = await get();
    expect(answer.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    const html = await answer.text();
    const [stream] = app.proxy.streams();
    expect(html).to.include('<title>A &lt;b&gt;</title>');
    const user = '&lt;img src=x onerror=&quot;alert(&#39;s3cret&#39;)&quot;&gt;\\u{202e}&amp;';
    expect(html).to.include(`<td>${stream!.id}</td><td>${user}</td><td>/sse</td><td>workflow: ${user}</td>`);
    expect(html).to.include(`<td>${stream!.feed}</td><td>live</td>`);
    expect(html).to.not.include('<img').and.not.include('data: s3cret');
  });

  it('the admin page needs nothing that its Content-Security-Policy forbids: no inline script or style, no other origin', async () => {
    const { get } = await served({ proxies: [] });
    const answer = await get();
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).to.include("default-src 'none'").and.include("script-src 'self'").and.not.include('unsafe');
    const html = await answer.text();
    expect(html).to.not.match(
      /<style|style=|\son\w+=|<script(?! type="module" src="\/admin\/streams\/live\.js"><\/script>)|https?:/,
    );
    for (const [file, type] of [
      ['/page.css', 'text/css; charset=utf-8'],
      ['/live.js', 'text/javascript; charset=utf-8'],
    ]) {
      const part = await get(file);
      expect([part.status, part.headers.get('content-type')]).to.deep.equal([200, type]);
      expect(part.headers.get('x-content-type-options')).to.equal('nosniff');
    }
    expect(await (await get('/live.js')).text()).to.not.match(/innerHTML|eval|insertAdjacent|document\.write/);
    expect(html).to.include('<noscript><meta http-equiv="refresh" content="1"></noscript>');
  });

  it('sends changes to the admin page over an event stream', async () => {
    const { app } = await opened();
    const { get } = await served({ proxies: [app.proxy] });
    const answer = await get('/live');
    expect(answer.headers.get('content-type')).to.equal('text/event-stream');
    expect(answer.headers.get('cache-control')).to.equal('no-store, no-transform');
    const { views } = await live(answer);
    await until(() => views().length > 0);
    expect(views()[0].tables[0].rows).to.have.length(1);
    visit(app.port);
    await until(() => app.proxy.stats().opening === 1);
    await until(() =>
      views()
        .at(-1)
        .totals.find(([label, value]: string[]) => label === 'Opening' && value === '1'),
    );
  });

  it('sends a live view its first update with the headers, not a refresh later', async () => {
    const { get } = await served({ proxies: [idle], refreshMs: 60_000 });
    const { views } = await live(await get('/live'));
    await until(() => views().length === 1);
  });

  it('ends live views when a proxy drains or the page is closed, and keeps browsers from reconnecting', async () => {
    const { app } = await opened();
    const { get, page, server } = await served({ proxies: [app.proxy] });
    const [first, second] = [await live(await get('/live')), await live(await get('/live'))];
    page.close();
    await until(() => first.isOver() && second.isOver());
    const third = await live(await get('/live'));
    await app.proxy.close();
    await until(() => third.isOver());
    expect((await get('/live')).status).to.equal(204);
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    await closed;
  });

  it('allows no more than 20 live views at once', async () => {
    const { get } = await served({ proxies: [], refreshMs: 60_000 });
    const answers = [];
    for (let n = 0; n < 21; n++) answers.push(await get('/live'));
    expect(answers.map(({ status }) => status)).to.deep.equal([...Array(20).fill(200), 204]);
    for (const answer of answers.slice(0, 20)) await live(answer);
  });

  it('lists at most maxRows streams, sorted by the column that the address names', async () => {
    const stream = (n: number) => ({ ...blank, id: `stream-${n}`, events: n, since: new Date(n).toISOString() });
    const proxies = [{ ...idle, streams: () => [1, 3, 2].map(stream) }];
    const { get } = await served({ proxies, maxRows: 2 });
    const ids = async (query: string) =>
      [...(await (await get(query)).text()).matchAll(/<td>(stream-\d)/g)].map(([, id]) => id);
    expect(await ids('')).to.deep.equal(['stream-1', 'stream-2']);
    expect(await ids('/?sort=events')).to.deep.equal(['stream-3', 'stream-2']);
    expect(await ids('/?sort=__proto__')).to.deep.equal(['stream-1', 'stream-2']);
    expect(await (await get('/?sort=events')).text())
      .to.include('and 1 more')
      .and.include(' aria-sort="descending"');
  });

  it('the admin page refuses other methods and paths', async () => {
    const { get } = await served({ proxies: [] });
    expect((await get('', { method: 'POST' })).status).to.equal(405);
    expect((await get('/other')).status).to.equal(404);
    const head = await get('', { method: 'HEAD' });
    expect([head.status, await head.text()]).to.deep.equal([200, '']);
  });

  it('shows numbers, bytes and times in a readable form', () => {
    expect([0, 999, 1_000, 1_234_567].map(count)).to.deep.equal(['0', '999', '1\u00a0000', '1\u00a0234\u00a0567']);
    expect([0, 1_023, 1_024, 5_242_880].map(bytes)).to.deep.equal(['0 B', '1023 B', '1.0 KiB', '5.0 MiB']);
    expect([0, 61_000, 3_660_000, 90_000_000].map(age)).to.deep.equal(['0 s', '1 min 1 s', '1 h 1 min', '1 d 1 h']);
  });
});

const blank = {
  route: '/sse',
  params: {},
  key: undefined,
  fields: {},
  resumed: false,
  bytes: 0,
  bufferedBytes: 0,
  behindEvents: 0,
  behindBytes: 0,
  feed: undefined,
  upstream: 'open' as const,
};

const idle: Inspectable = {
  stats: () => ({
    open: 0,
    opening: 0,
    opened: 0,
    refused: 0,
    evicted: 0,
    events: 0,
    bytes: 0,
    bufferedBytes: 0,
    upstreamConnections: 0,
    sharedFeeds: 0,
    replayBytes: 0,
    outageMs: 0,
    oldestMs: 0,
    draining: false,
  }),
  streams: () => [],
  feeds: () => [],
};
