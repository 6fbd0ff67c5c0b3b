import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import unpackable, { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';
import { chromiumPaths, installCommand } from '../../../scripts/needs.mjs';

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

interface Executable {
  path: string;
  env: Record<string, string>;
  remove(): Promise<void>;
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
  if (process.platform === 'linux' && process.arch === 'x64') return unpacked();
  throw new Error(`No Chromium found: ${installCommand('chromium')}, or set CHROME_PATH to the executable of one`);
}

/**
 * The Chromium of the npm package, unpacked for this run alone: the package's own cache in the temp directory is taken
 * for whole while another process is still writing it.
 */
async function unpacked(): Promise<Executable> {
  const directory = await mkdtemp(join(tmpdir(), 'datashop-chromium-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = directory;
  try {
    const path = await unpackable.executablePath();
    const packed = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..', 'bin');
    const libraries = join(await inflate(join(packed, 'al2023.tar.br')), 'lib');
    const search = [process.env.LD_LIBRARY_PATH, libraries].filter(Boolean).join(':');
    const fonts = existsSync('/etc/fonts') ? {} : await packedFonts(directory);
    return {
      path,
      env: { LD_LIBRARY_PATH: search, ...fonts },
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

/** Environment that makes Chromium use the package's fonts. A bare container has none, and text would be invisible. */
async function packedFonts(directory: string): Promise<Record<string, string>> {
  const file = join(directory, 'fonts.conf');
  // The package's own fonts.conf names fixed folders, which are not where it was unpacked to.
  const dirs = `<dir>${directory}/fonts</dir><cachedir>${directory}/fonts-cache</cachedir>`;
  await writeFile(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${dirs}</fontconfig>`,
  );
  return { FONTCONFIG_FILE: file };
}
