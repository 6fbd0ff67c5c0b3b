// Renews docs/screenshots/stream-recovers.gif with the running example: `npm run recording`. The network between
// browser and BFF breaks and comes back.
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encode } from 'modern-gif';
import type { Page } from 'playwright-core';
import { Relay } from '../faults/support/relay.ts';
import { launchBrowser } from './support/browser.ts';
import { startDatashop } from './support/datashop.ts';
import { recordPage } from './support/record-page.ts';

const file = fileURLToPath(new URL('../../docs/screenshots/stream-recovers.gif', import.meta.url));
const maxBytes = 2_000_000;
const viewport = { width: 1120, height: 640 };

const until = (page: Page, status: string) => page.waitForSelector(`[data-testid=connection][data-status=${status}]`);

/** What is recorded. The pauses are for the reader of the recording. */
async function play(page: Page, relay: Relay): Promise<void> {
  await setTimeout(3_000);
  relay.rules.cut = () => ({ bytes: 0, how: 'rst' });
  relay.breakAll('rst');
  await until(page, 'waiting');
  await setTimeout(4_500);
  delete relay.rules.cut;
  await until(page, 'connected');
  await setTimeout(4_000);
}

const datashop = await startDatashop({ PIPELINE_PAUSE_MS: '700' });
const relay = await Relay.start(Number(new URL(datashop.url).port));
const chromium = await launchBrowser();
try {
  const context = await chromium.browser.newContext({ viewport, colorScheme: 'light', reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(`http://localhost:${relay.port}/?mode=stream`);
  await until(page, 'connected');
  await page.waitForFunction(() => /\+ ([1-9]\d*) new/.test(document.body.textContent ?? ''));
  const frames = await recordPage(page, () => play(page, relay));
  const gif = await encode({
    format: 'arrayBuffer',
    width: viewport.width,
    height: viewport.height,
    maxColors: 64,
    frames: frames.map(({ rgba, shownMs }) => ({ data: new Uint8ClampedArray(rgba), delay: Math.round(shownMs) })),
  });
  if (gif.byteLength > maxBytes) throw new Error(`The recording has ${gif.byteLength} bytes, more than ${maxBytes}`);
  await writeFile(file, Buffer.from(gif));
  console.log(`docs/screenshots/stream-recovers.gif: ${frames.length} frames, ${gif.byteLength} bytes`);
} finally {
  await chromium.close();
  await relay.close();
  await datashop.end();
}
