// Report on the log viewer in a real Chromium with 100,000 lines in memory and 1,000 new ones a second, on a processor
// that the browser makes four times slower: node scripts/setup.mjs && node test/bench/viewer.ts [seconds [slowdown]]
// On a busy machine, CPU times are more reliable than times by the clock. TRACES=/tmp/traces keeps what the browser's
// developer tools can show of each part; it makes the page slower.
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../e2e/support/browser.ts';
import { startViewerPage, type ViewerPage } from './viewer-page.ts';
import { heapMb, type Phase, phase, verdict, watch } from './viewer-watch.ts';

const LINES = 100_000;
const LINES_PER_S = 1_000;
const TICK_MS = 50;
const [seconds, slowdown] = [process.argv[2] ?? 30, process.argv[3] ?? 4].map(Number) as [number, number];
if (!(seconds > 0 && slowdown >= 1)) {
  console.error('node test/bench/viewer.ts [seconds [slowdown]]: expected two numbers, 30 and 4 unless told');
  process.exit(2);
}

const viewer = await startViewerPage();
const { browser, close } = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await watch(page, slowdown);
  const phases = await measure(page, viewer);
  console.table(Object.fromEntries(phases.map(({ name, ...numbers }) => [name, numbers])));
  console.log(`Heap at the end: ${await heapMb(page)} MB`);
  const [filling, ...others] = phases as [Phase, ...Phase[]];
  console.log(`While the lines are loaded: ${verdict([filling])}`);
  console.log(`With all lines in memory: ${verdict(others)}`);
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
  const rest = () => setTimeout(seconds * 1_000);
  phases.push(await phase(page, 'following', rest));
  phases.push(await phase(page, 'scrolling by wheel', () => scroll(page, seconds * 1_000)));
  phases.push(await phase(page, 'reading far below', rest));
  // Found before, because looking for an element takes time on the page's own thread.
  const find = (await page.$('[aria-label="Find in lines"]'))!;
  phases.push(await phase(page, 'typing a search', () => find.type('penguins', { delay: 150 })));
  phases.push(await phase(page, 'scrolling what was found', () => scroll(page, seconds * 1_000)));
  await find.fill('');
  await page.getByRole('button', { name: 'Regular expression' }).click();
  phases.push(await phase(page, 'typing a pattern', () => find.type('row \\d+7:', { delay: 150 })));
  await find.fill('');
  const level = (await page.$('.level-chip[data-level=INFO]'))!;
  phases.push(
    await phase(page, 'levels off and on', async () => {
      for (let turn = 0; turn < 6; turn += 1) {
        await level.click();
        await setTimeout(500);
      }
    }),
  );
  // The stream goes on while Normal mode is shown.
  await page.getByRole('link', { name: 'Normal', exact: true }).click();
  const rows = (count: number) =>
    page.waitForFunction((least) => document.querySelectorAll('.log-link').length >= least, count, { polling: 500 });
  await rows(100);
  const size = (await page.$('.pager-size select'))!;
  phases.push(
    await phase(page, 'Normal mode, 250 rows', async () => {
      await size.selectOption('250');
      await rows(250);
      await setTimeout(1_000);
    }),
  );
  const stream = (await page.$('.mode-tab[href*=stream]'))!;
  phases.push(
    await phase(page, 'back in Stream mode', async () => {
      await stream.click();
      await setTimeout(3_000);
    }),
  );
  writing = false;
  await writer;
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
