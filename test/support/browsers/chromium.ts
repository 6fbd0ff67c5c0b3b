import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, ElementHandle, Page } from 'playwright-core';
import { launchBrowser } from '../../e2e/support/browser.ts';
import type { BrowserTab, PageBrowser } from './real-browser.ts';

/** Starts Chromium without a window. `javaScriptEnabled: false` switches scripts off. */
export async function startChromium({ javaScriptEnabled = true } = {}): Promise<PageBrowser> {
  const chromium = await launchBrowser();
  const downloads = await mkdtemp(join(tmpdir(), 'datashop-downloads-'));
  const context = await chromium.browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    permissions: ['clipboard-write'],
    javaScriptEnabled,
  });
  return {
    ...(await openTab(context, downloads)),
    name: javaScriptEnabled ? 'Chromium' : 'Chromium without scripts',
    keepsPages: false,
    downloads,
    newTab: () => openTab(context, downloads),
    close: async () => {
      await chromium.close();
      await rm(downloads, { recursive: true, force: true });
    },
  };
}

async function openTab(context: BrowserContext, downloads: string): Promise<BrowserTab> {
  const page = await context.newPage();
  page.on('download', (download) => void download.saveAs(join(downloads, download.suggestedFilename())));
  return {
    open: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    back: async () => void (await page.goBack()),
    evaluate: (expression) => page.evaluate(expression),
    click: (expression) => click(page, expression),
    async press(...keys) {
      for (const key of keys) await page.keyboard.press(key);
    },
    screenshot: () => page.screenshot(),
    close: () => page.close(),
  };
}

async function click(page: Page, expression: string): Promise<void> {
  const handle = await page.evaluateHandle(expression);
  const element = handle.asElement() as ElementHandle | null;
  if (!element) throw new Error(`Nothing to click: ${expression}`);
  await element.click();
  await handle.dispose();
}
