import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { needs } from '../../../test/support/needs.ts';
import { localPersistence } from '../src/persist.ts';
import { type UseEventStreamResult, useEventStream } from '../src/react.ts';
import { chromium } from './browser/support/browser.ts';
import { Server } from './support/server.ts';
import { until } from './support/until.ts';
import { script } from './support/vite.ts';

const entry = fileURLToPath(new URL('./support/react-page.ts', import.meta.url));

describe('useEventStream', () => {
  needs('chromium');
  let pageScript: string;
  let server: Server;
  let page: Page;
  const streams = () => server.visits.filter(({ req }) => req.url!.startsWith('/stream'));
  const open = () => streams().filter(({ isGone }) => !isGone);
  const status = () => page.evaluate(() => window.hook.result!.status);
  const untilStatus = (wanted: string) =>
    page.waitForFunction((name) => window.hook.result?.status === name, wanted, { polling: 5 });

  before(async () => {
    // React's development build, in which StrictMode mounts everything twice.
    pageScript = await script(entry, 'development');
  });
  beforeEach(async () => {
    server = await new Server().listen();
    server.onVisit = (visit) => {
      if (visit.req.url === '/page.js') visit.answer(200, { 'content-type': 'text/javascript' }, pageScript);
      else if (visit.req.url!.startsWith('/stream')) visit.open(`id: 1\ndata: ${visit.req.url}\n\n`);
      else
        visit.answer(
          200,
          { 'content-type': 'text/html' },
          '<!doctype html><body><script type="module" src="/page.js"></script>',
        );
    };
    page = await (await chromium()).newPage();
    page.setDefaultTimeout(100_000);
    await page.goto(`http://127.0.0.1:${server.port}/`);
  });
  afterEach(async () => {
    await page.close();
    await server.close();
  });

  it('the hook keeps one connection in StrictMode, which mounts twice', async () => {
    await page.evaluate(() => window.hook.render('/stream'));
    await untilStatus('connected');
    await until(() => open().length === 1);
    expect(await page.evaluate(() => window.hook.result!.entries.length)).to.equal(1);
    await page.evaluate(() => window.hook.unmount());
    await until(() => open().length === 0);
  });

  it('the hook does not reconnect for options written inline, and returns the same methods', async () => {
    await page.evaluate(() => window.hook.render('/stream', { headers: {} }));
    await untilStatus('connected');
    const before = streams().length;
    const changed = await page.evaluate(() => {
      window.hook.keep();
      const { stream } = window.hook.result!;
      for (let time = 0; time < 5; time++) window.hook.render('/stream', { headers: {}, maxEntries: 5 + time });
      return [...window.hook.changed(), ...(window.hook.result!.stream === stream ? [] : ['stream'])];
    });
    expect(changed).to.deep.equal([]);
    await page.evaluate(() => window.hook.result!.seed([{ id: '0', data: 'known' }]));
    await page.waitForFunction(() => window.hook.result!.counts.original === 1);
    expect(await status()).to.equal('connected');
    expect(streams()).to.have.length(before);
  });

  it('the hook makes another stream when the URL changes, and shows nothing of the one before', async () => {
    await page.evaluate(() => window.hook.render('/stream?a', { maxEntries: 5 }));
    await untilStatus('connected');
    await page.evaluate(() => {
      window.hook.renders = [];
      window.hook.keep();
      window.hook.render('/stream?b', { maxEntries: 7 });
    });
    await untilStatus('connected');
    const renders = await page.evaluate(() => window.hook.renders);
    expect(renders[0]).to.equal('/stream?b idle 0');
    expect(await page.evaluate(() => window.hook.changed())).to.deep.equal([]);
    await until(() => open().length === 1);
    expect(open()[0]!.req.url).to.equal('/stream?b');
    expect(await page.evaluate(() => window.hook.result!.stream!.url)).to.equal('/stream?b');
  });

  it('the hook is idle without a URL, and its methods have no effect', async () => {
    const said = await page.evaluate(() => {
      window.hook.render(null);
      const result = window.hook.result!;
      for (const name of ['connect', 'disconnect', 'retryNow', 'clear', 'reset', 'wipe'] as const) result[name]();
      result.seed([{ id: '1', data: '' }]);
      return [result.status, result.stream, result.fill(1, []), result.entries.length];
    });
    expect(said).to.deep.equal(['idle', null, 0, 0]);
    await page.evaluate(() => window.hook.render('/stream'));
    await untilStatus('connected');
    await page.evaluate(() => window.hook.render(null));
    await until(() => open().length === 0);
    expect(await status()).to.equal('idle');
  });

  it('the hook sends the headers of the last render with the next attempt', async () => {
    const tokens: (string | undefined)[] = [];
    const serve = server.onVisit!;
    server.onVisit = (visit) => {
      if (!visit.req.url!.startsWith('/stream')) return serve(visit);
      tokens.push(visit.req.headers.authorization);
      visit.answer(401);
    };
    const render = (token: string) =>
      page.evaluate((authorization) => window.hook.render('/stream', { headers: { authorization } }), token);
    await render('old');
    await untilStatus('unauthorized');
    await render('new');
    await page.evaluate(() => window.hook.result!.connect());
    await until(() => tokens.at(-1) === 'new');
    expect(tokens).to.not.include(undefined);
  });

  for (const option of ['persist', 'tabs'])
    it(`the hook makes another stream when ${option}.scope changes, and shows nothing of the one before`, async () => {
      const render = (scope: string) =>
        page.evaluate((scopes) => window.hook.render('/stream', {}, scopes), { [option]: scope });
      await render('a');
      await untilStatus('connected');
      await page.evaluate(() => {
        window.hook.renders = [];
      });
      await render('b');
      await untilStatus('connected');
      expect((await page.evaluate(() => window.hook.renders))[0]).to.equal('/stream idle 0');
      await until(() => open().length === 1);
    });

  it('the hook renders only when what select or useStreamSnapshot() returns changes', async () => {
    await page.evaluate(() => window.hook.renderSelecting('/stream'));
    const events = await until(() => open()[0]);
    // What each event must lead to, before the next one is sent; the fifth changes nothing.
    const wanted = ['connected false 1', 'connected true 1', 'connected true 2', undefined, 'connected true 3'];
    for (const [index, render] of wanted.entries()) {
      events.send(`id: ${index + 2}\ndata: x\n\n`);
      if (render) await page.waitForFunction((last) => window.hook.renders.at(-1) === last, render);
    }
    const renders = await page.evaluate(() => window.hook.renders.filter((one) => one.startsWith('connected')));
    expect(renders.slice(-4)).to.deep.equal(wanted.filter(Boolean));
    expect(renders.length).to.be.at.most(5);
  });

  it('the built hook is marked as a client module', () => {
    const built = readFileSync(new URL('../dist/react.js', import.meta.url), 'utf8');
    expect(built).to.match(/^'use client';/);
  });

  it('the hook treats an undefined option as left out', async () => {
    await page.evaluate(() => window.hook.render('/stream', { autoConnect: undefined } as object));
    await untilStatus('connected');
  });

  it('the hook stays off with autoConnect: false until connect() is called', async () => {
    await page.evaluate(() => window.hook.render('/stream', { autoConnect: false }));
    await page.waitForFunction(() => window.hook.result!.stream !== null);
    expect(await status()).to.equal('idle');
    await page.evaluate(() => window.hook.result!.connect());
    await untilStatus('connected');
    await page.evaluate(() => window.hook.result!.disconnect());
    await until(() => open().length === 0);
    expect(await page.evaluate(() => window.hook.result!.entries.length)).to.equal(1);
  });

  it('the hook is idle on the server, and connects to nothing there', () => {
    let result: UseEventStreamResult | undefined;
    const Viewer = () => {
      result = useEventStream(server.url, { persist: localPersistence({ scope: 'a' }) });
      return createElement('p', null, result.status);
    };
    expect(renderToString(createElement(Viewer))).to.equal('<p>idle</p>');
    expect(result!.entries.length + result!.counts.total).to.equal(0);
    expect(result!.stream).to.equal(null);
    expect(streams()).to.be.empty;
  });
});
