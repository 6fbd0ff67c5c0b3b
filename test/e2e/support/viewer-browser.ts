import { after } from 'mocha';
import type { Browser } from 'playwright-core';
import { launchBrowser, type RealBrowser } from './browser.ts';

let running: Promise<RealBrowser> | undefined;

/** One Chromium for all tests of Stream mode: unpacking and starting it takes seconds. Each visit has a profile of its own. */
export async function viewerBrowser(): Promise<Browser> {
  running ??= launchBrowser();
  return (await running).browser;
}

after(async () => (await running)?.close());
