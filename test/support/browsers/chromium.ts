import { launchBrowser } from '../../e2e/support/browser.ts';
import type { PageBrowser } from './real-browser.ts';

/** Starts Chromium without a window. `javaScriptEnabled: false` switches scripts off. */
export async function startChromium({ javaScriptEnabled = true } = {}): Promise<PageBrowser> {
  const chromium = await launchBrowser();
  const context = await chromium.browser.newContext({ viewport: { width: 1280, height: 800 }, javaScriptEnabled });
  const page = await context.newPage();
  return {
    name: javaScriptEnabled ? 'Chromium' : 'Chromium without scripts',
    open: async (url) => void (await page.goto(url)),
    evaluate: (expression) => page.evaluate(expression),
    screenshot: () => page.screenshot(),
    close: () => chromium.close(),
  };
}
