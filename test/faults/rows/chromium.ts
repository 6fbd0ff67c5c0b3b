// Must-show 3: a native EventSource in Chromium.
import type { Browser, Page } from 'playwright-core';
import { Ledger } from '../support/checker.ts';
import { type Figures, Scene, type SceneOptions } from '../support/scene.ts';
import { until } from '../support/stage.ts';

declare global {
  interface Window {
    /** Data and id of every event, in the order of arrival. */
    got: [data: string, id: string][];
    /** The proxy's own events: name and reason. */
    own: string[];
    /** Number of times that the EventSource closed for good. */
    gaveUp: number;
    /** Time from each loss of the connection to the next event, in ms. */
    recoveryMs: number[];
  }
  const source: EventSource;
}

/** Figures of a run. The page's EventSource counts as one of the browsers. */
export interface PageFigures extends Figures {
  own: string[];
  gaveUp: number;
}

export type PageRun = (browser: Browser) => Promise<PageFigures>;

async function newPage(browser: Browser, options: SceneOptions): Promise<{ scene: Scene; page: Page }> {
  const scene = await Scene.set(options);
  const context = await browser.newContext();
  const page = await context.newPage();
  // The test runner's timeout is the only one.
  page.setDefaultTimeout(0);
  return { scene, page };
}

const visit = (page: Page, scene: Scene) => page.goto(`http://127.0.0.1:${scene.port()}/`);

/** The page would draw 60 frames a second to be asked at each, as is the default. */
const polled = { polling: 50 };

/** Resolves when the page has received event number `sequence`. */
async function has(page: Page, sequence: number): Promise<void> {
  await page.waitForFunction((id) => Number(window.got.at(-1)?.[1]) >= id, sequence, polled);
}

async function figures(page: Page, scene: Scene): Promise<PageFigures> {
  await scene.upstream.ask('emit', 10);
  const { head } = await scene.upstream.ask('hold');
  await has(page, head);
  const { got, own, gaveUp, recoveryMs } = await page.evaluate(() => ({
    got: window.got,
    own: window.own,
    gaveUp: window.gaveUp,
    recoveryMs: window.recoveryMs,
  }));
  await page.context().close();
  const ledger = new Ledger(1);
  for (const [data, id] of got) ledger.take(data, id);
  const others = await scene.figures();
  return {
    ...others,
    delivered: others.delivered + ledger.delivered,
    lost: others.lost + ledger.lost(head),
    doubled: others.doubled + ledger.doubled,
    reordered: others.reordered + ledger.reordered,
    mangled: others.mangled + ledger.mangled,
    recoveryMs,
    own,
    gaveUp,
  };
}

export const limitReached: PageRun = async (browser) => {
  const { scene, page } = await newPage(browser, { mode: 'dedicated', options: { limits: { total: 1 } } });
  const [first] = await scene.open(1);
  await visit(page, scene);
  await page.waitForFunction(() => window.own.length > 0, undefined, polled);
  first?.leave();
  await page.waitForFunction(() => source.readyState === EventSource.OPEN, undefined, polled);
  // A soft refusal opens the EventSource too, so only the proxy's counter shows that a stream is open.
  await until(async () => (await scene.proxy.ask('stats')).open > 0);
  return figures(page, scene);
};

export const upstreamDown: PageRun = async (browser) => {
  const resume = { minDelayMs: 50, maxDelayMs: 100, maxOutageMs: 300 };
  const { scene, page } = await newPage(browser, { mode: 'shared', direct: true, options: { resume } });
  await visit(page, scene);
  await page.waitForFunction(() => source.readyState === EventSource.OPEN, undefined, polled);
  await scene.upstream.ask('emit', 20);
  await has(page, 20);
  await scene.upstream.kill();
  await page.waitForFunction(() => window.own.includes('refused upstream'), undefined, polled);
  await scene.upstream.restart();
  await scene.upstream.ask('emit', 20);
  return figures(page, scene);
};

export const deployed: PageRun = async (browser) => {
  const { scene, page } = await newPage(browser, { mode: 'shared', proxy: { graceMs: 1_000 } });
  const { port } = scene.proxy;
  await visit(page, scene);
  await page.waitForFunction(() => source.readyState === EventSource.OPEN, undefined, polled);
  await scene.upstream.ask('emit', 1);
  await has(page, 1);
  await scene.upstream.ask('run', 50);
  await scene.proxy.terminate();
  scene.proxy = await scene.startProxy(port);
  const { head } = await scene.upstream.ask('head');
  await has(page, head);
  return figures(page, scene);
};
