// Renews the pictures in docs/screenshots with the running example: `npm run screenshots`.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchBrowser } from './support/browser.ts';
import { startDatashop } from './support/datashop.ts';

const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

const lines = (page: Page) => page.getByTestId('line').first().waitFor();
const live = async (page: Page) => {
  await page.waitForSelector('[data-testid=connection][data-status=connected]');
  await page.waitForFunction(() => /\+ (\d{2,}) new/.test(document.body.textContent ?? ''));
};

interface Picture {
  name: string;
  mode: 'normal' | 'stream';
  colorScheme: 'light' | 'dark';
  viewport: { width: number; height: number };
  reach(page: Page): Promise<unknown>;
}

const wide = { width: 1280, height: 720 };
const narrow = { width: 390, height: 844 };

const pictures: Picture[] = [
  { name: 'stream', mode: 'stream', colorScheme: 'light', viewport: wide, reach: live },
  {
    name: 'stream-dark-line',
    mode: 'stream',
    colorScheme: 'dark',
    viewport: wide,
    reach: async (page) => {
      await live(page);
      await page.getByRole('searchbox').fill('rejected');
      await lines(page);
      await page.getByTestId('line').nth(3).getByRole('button').first().click();
      await page.getByRole('region', { name: 'Details of the line' }).waitFor();
      await page.getByTestId('jump').getByText('new').waitFor();
    },
  },
  { name: 'stream-narrow', mode: 'stream', colorScheme: 'dark', viewport: narrow, reach: live },
  {
    name: 'normal',
    mode: 'normal',
    colorScheme: 'light',
    viewport: wide,
    reach: (page) => page.getByText('rejected').first().waitFor(),
  },
];

const datashop = await startDatashop();
const chromium = await launchBrowser();
try {
  await mkdir(folder, { recursive: true });
  for (const { name, mode, colorScheme, viewport, reach } of pictures) {
    const context = await chromium.browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(`${datashop.url}?mode=${mode}`);
    await reach(page);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await context.close();
    console.log(`docs/screenshots/${name}.png`);
  }
} finally {
  await chromium.close();
  await datashop.end();
}
