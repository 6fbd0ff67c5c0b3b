import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { chromiumPaths, installCommand } from '../../../scripts/needs.mjs';
import { type Executable, packedChromium } from './packed-chromium.ts';

// Quiet, and nothing else. The flags that @sparticuz/chromium recommends are left out: they switch web security off,
// and the browser's rules are what these tests are about.
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export interface RealBrowser {
  browser: Browser;
  close(): Promise<void>;
}

/** A real Chromium, with a profile of its own that is gone afterwards. Throws, saying why, if there is none. */
export async function launchBrowser(): Promise<RealBrowser> {
  const { path, env, remove } = await executable();
  try {
    const browser = await chromium.launch({ executablePath: path, args: ARGS, env: { ...process.env, ...env } });
    return {
      browser,
      close: async () => {
        await browser.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw new Error(`Chromium at ${path} does not start; point CHROME_PATH to one that does`, { cause: error });
  }
}

async function executable(): Promise<Executable> {
  const installed = chromiumPaths.find((path) => existsSync(path));
  if (installed) return { path: installed, env: {}, remove: async () => {} };
  if (process.platform === 'linux' && process.arch === 'x64') return packedChromium();
  throw new Error(`No Chromium found: ${installCommand('chromium')}, or set CHROME_PATH to the executable of one`);
}
