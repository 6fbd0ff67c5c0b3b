import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { needs } from '../../../../test/support/needs.ts';
import { type Site, site } from './support/site.ts';

declare global {
  interface Window {
    source: EventSource;
    /** Type, data and id of every event received. */
    dispatched: [type: string, data: string, id: string][];
    /** The state after every error event. */
    errors: number[];
  }
}

const OWN = ['sse-proxy:refused', 'sse-proxy:gap', 'sse-proxy:end'];

/** Opens a native EventSource in the page and records its events. */
async function listen(page: Page, url: string): Promise<void> {
  await page.evaluate(
    ([to, own]) => {
      window.dispatched = [];
      window.errors = [];
      window.source = new EventSource(to);
      const note = (event: Event) => {
        const { type, data, lastEventId } = event as MessageEvent<string>;
        window.dispatched.push([type, data, lastEventId]);
      };
      for (const type of ['message', ...own]) window.source.addEventListener(type, note);
      window.source.addEventListener('error', () => window.errors.push(window.source.readyState));
    },
    [url, OWN] as const,
  );
}

const opened = (page: Page) => page.waitForFunction(() => window.source.readyState === EventSource.OPEN);
const heard = (page: Page, type: string) =>
  page.waitForFunction((name) => window.dispatched.some(([type]) => type === name), type);
const errors = (page: Page) => page.waitForFunction(() => window.errors.length > 0);

describe('a native EventSource through the proxy, in Chromium', () => {
  needs('chromium');
  let stage: Site;
  afterEach(() => stage?.close());

  it('an EventSource receives the reason of a soft refusal, and reconnects by itself', async () => {
    stage = await site({ limits: { total: 1 } });
    const [first, second] = [await stage.barePage(), await stage.barePage()];
    await listen(first, '/sse');
    await opened(first);
    await listen(second, '/sse');
    await heard(second, 'sse-proxy:refused');
    const [, data, id] = await second.evaluate(() => window.dispatched[0]!);
    expect(JSON.parse(data)).to.include({ reason: 'limit', code: 'ERR_SSE_LIMIT' });
    expect(id).to.equal('');
    await errors(second);
    expect(await second.evaluate(() => window.errors)).to.deep.equal([0], 'connecting, not closed');

    await first.close();
    await opened(second);
    stage.upstream.send();
    await heard(second, 'message');
  });

  it('an EventSource closes when the proxy refuses by status', async () => {
    stage = await site({ limits: { total: 1 }, refuse: 'status' });
    const [first, second] = [await stage.barePage(), await stage.barePage()];
    await listen(first, '/sse');
    await opened(first);
    await listen(second, '/sse');
    await errors(second);
    expect(await second.evaluate(() => window.errors)).to.deep.equal([2], 'closed');
  });

  it('an EventSource receives a gap when the upstream was lost and has no ids [R32]', async () => {
    stage = await site({ resume: { minDelayMs: 10, maxDelayMs: 10 } });
    stage.upstream.isWithoutIds = true;
    const page = await stage.barePage();
    await listen(page, '/sse');
    await opened(page);
    stage.upstream.send();
    await heard(page, 'message');
    stage.upstream.cut();
    await heard(page, 'sse-proxy:gap');
    stage.upstream.send();
    await page.waitForFunction(() => window.dispatched.length === 3);
    const got = await page.evaluate(() => window.dispatched);
    expect(got.map(([type]) => type)).to.deep.equal(['message', 'sse-proxy:gap', 'message']);
    expect(JSON.parse(got[1]![1])).to.include({ reason: 'no-ids' });
    expect(await page.evaluate(() => window.errors)).to.deep.equal([], 'the connection itself was never lost');
  });

  it('an EventSource receives the reason why its stream ends, and reconnects', async () => {
    stage = await site();
    const page = await stage.barePage();
    await listen(page, '/sse');
    await opened(page);
    await stage.proxy.close();
    await heard(page, 'sse-proxy:end');
    expect(JSON.parse((await page.evaluate(() => window.dispatched[0]!))[1])).to.deep.include({ reason: 'draining' });
    await errors(page);
    expect(await page.evaluate(() => window.errors[0])).to.equal(0);
  });

  it('an EventSource receives each event once after its connection was cut in the middle of an event', async () => {
    stage = await site({ retryMs: 10 });
    const page = await stage.barePage();
    await listen(page, '/sse');
    await opened(page);
    stage.upstream.send(3);
    await page.waitForFunction(() => window.dispatched.length === 3);
    stage.upstream.cut('id: 4\ndata: ha');
    await errors(page);
    stage.upstream.send(3);
    await page.waitForFunction(() => window.dispatched.at(-1)?.[1] === '6');
    expect((await page.evaluate(() => window.dispatched)).map(([, , id]) => id)).to.deep.equal([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
    ]);
    expect(stage.upstream.requests[1]).to.equal('3');
  });
});
