import { after } from 'mocha';
import type { Browser } from 'playwright-core';
import { launchBrowser, type RealBrowser } from '../../../../../test/e2e/support/browser.ts';

let running: Promise<RealBrowser> | undefined;

/** One Chromium for all of these tests, since it starts slowly. Each test has a profile of its own. */
export async function chromium(): Promise<Browser> {
  running ??= launchBrowser();
  return (await running).browser;
}

after(async () => (await running)?.close());
