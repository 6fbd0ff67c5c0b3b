// Report on the log viewer in a real Chromium with 100,000 lines in memory and 1,000 new ones a second:
// node scripts/setup.mjs && node test/bench/viewer.ts [seconds]
// On a busy machine, CPU times are more reliable than times by the clock.
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../e2e/support/browser.ts';
import { startViewerPage, type ViewerPage } from './viewer-page.ts';
import { type Phase, phase, watch } from './viewer-watch.ts';

const LINES = 100_000;
const LINES_PER_S = 1_000;
const TICK_MS = 50;
const [argument = '30'] = process.argv.slice(2);
const seconds = Number(argument);
if (!(seconds > 0)) {
  console.error(
    `node test/bench/viewer.ts [seconds]: expected how long each part takes, 30 unless told, got ${argument}`,
  );
  process.exit(2);
}

const viewer = await startViewerPage();
const { browser, close } = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await watch(page);
  const phases = await measure(page, viewer);
  console.table(Object.fromEntries(phases.map(({ name, ...numbers }) => [name, numbers])));
} finally {
  await close();
  await viewer.close();
}

async function measure(page: Page, { url, write }: ViewerPage): Promise<Phase[]> {
  await write(200);
  await page.goto(`${url}/?mode=stream`);
  await page.waitForSelector('[data-testid=connection][data-status=connected]');
  const phases = [
    await phase(page, 'filling', async () => {
      for (let written = 0; written < LINES; written += 1_000) await write(1_000);
      await page.waitForFunction((least) => {
        const text = document.querySelector('[data-testid=total]')?.textContent ?? '';
        return Number(/\+ ([\d,]+) new/.exec(text)?.[1]?.replaceAll(',', '')) >= least;
      }, LINES);
    }),
  ];
  let writing = true;
  const writer = (async () => {
    const begin = performance.now();
    for (let tick = 1; writing; tick += 1) {
      await write((LINES_PER_S * TICK_MS) / 1_000);
      await setTimeout(Math.max(0, begin + tick * TICK_MS - performance.now()));
    }
  })();
  const rest = () => setTimeout(seconds * 100);
  phases.push(await phase(page, 'following', rest));
  phases.push(await phase(page, 'scrolling by wheel', () => scroll(page, seconds * 1_000)));
  phases.push(await phase(page, 'reading far below', rest));
  const find = page.getByLabel('Find in lines');
  phases.push(await phase(page, 'typing a search', () => find.pressSequentially('penguins', { delay: 150 })));
  phases.push(await phase(page, 'scrolling what was found', () => scroll(page, seconds * 200)));
  await find.fill('');
  await page.getByRole('button', { name: 'Regular expression' }).click();
  phases.push(await phase(page, 'typing a pattern', () => find.pressSequentially('row \\d+7:', { delay: 150 })));
  await find.fill('');
  phases.push(
    await phase(page, 'levels off and on', async () => {
      for (let turn = 0; turn < 6; turn += 1) {
        await page.getByRole('group', { name: 'Levels shown' }).getByRole('button', { name: /^INFO/ }).click();
        await setTimeout(300);
      }
    }),
  );
  writing = false;
  await writer;
  await page.getByRole('link', { name: 'Normal', exact: true }).click();
  const rows = page.locator('.log-link');
  await rows.nth(99).waitFor({ state: 'attached' });
  phases.push(
    await phase(page, 'Normal mode, 250 rows', async () => {
      await page.getByLabel('Logs a page').selectOption('250');
      await rows.nth(249).waitFor({ state: 'attached' });
    }),
  );
  return phases;
}

/** Scrolls down and up in bursts, as a person does. */
async function scroll(page: Page, durationMs: number): Promise<void> {
  await page.mouse.move(640, 500);
  const end = performance.now() + durationMs;
  for (let turn = 0; performance.now() < end; turn += 1) {
    const down = turn % 120 < 80;
    await page.mouse.wheel(0, down ? 240 : -300);
    await setTimeout(16);
  }
}
