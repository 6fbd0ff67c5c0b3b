import { after } from 'mocha';
import type { Browser } from 'playwright-core';
import { launchBrowser, type RealBrowser } from './browser.ts';

let running: Promise<RealBrowser> | undefined;

/** One Chromium for all viewer tests of this process. Each visit has its own profile. */
export async function viewerBrowser(): Promise<Browser> {
  running ??= launchBrowser();
  return (await running).browser;
}

after(async () => (await running)?.close());
