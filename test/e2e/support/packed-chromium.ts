// The Chromium of the npm package. Unpacking it takes seconds of CPU time, so the groups of `npm test` share one copy.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import unpackable, { inflate } from '@sparticuz/chromium';

export interface Executable {
  path: string;
  env: Record<string, string>;
  remove(): Promise<void>;
}

/** Folder that `npm test` removes at its end; undefined if mocha was started by itself. */
const { TEST_FOLDER } = process.env;

/** Unpacks Chromium, unless another process of the same `npm test` has done so. */
export async function packedChromium(): Promise<Executable> {
  if (TEST_FOLDER) return located(await sharedFolder(TEST_FOLDER), async () => {});
  const folder = await mkdtemp(join(tmpdir(), 'datashop-chromium-'));
  await unpack(folder);
  return located(folder, () => rm(folder, { recursive: true, force: true }));
}

/** The first process to create the lock unpacks; the others wait until it has. */
async function sharedFolder(parent: string): Promise<string> {
  const folder = join(parent, 'chromium');
  const lock = join(parent, 'chromium.lock');
  while (!existsSync(folder)) {
    if (await isCreated(lock)) await unpackInto(folder).finally(() => rm(lock, { recursive: true, force: true }));
    else await setTimeout(50);
  }
  return folder;
}

async function isCreated(lock: string): Promise<boolean> {
  return mkdir(lock).then(
    () => true,
    () => false,
  );
}

/** `folder` appears when it is complete. */
async function unpackInto(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const unfinished = await mkdtemp(`${folder}-`);
  await unpack(unfinished);
  await rename(unfinished, folder);
}

/**
 * The package unpacks into the temp directory, where it takes an unfinished file of another process for a whole one.
 */
async function unpack(folder: string): Promise<void> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    await unpackable.executablePath();
    const packed = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..', 'bin');
    await inflate(join(packed, 'al2023.tar.br'));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

async function located(folder: string, remove: () => Promise<void>): Promise<Executable> {
  const search = [process.env.LD_LIBRARY_PATH, join(folder, 'al2023', 'lib')].filter(Boolean).join(':');
  const fonts = existsSync('/etc/fonts') ? {} : await packedFonts(folder);
  return { path: join(folder, 'chromium'), env: { LD_LIBRARY_PATH: search, ...fonts }, remove };
}

/** Environment that makes Chromium use the package's fonts. A bare container has none, and text would be invisible. */
async function packedFonts(folder: string): Promise<Record<string, string>> {
  const file = join(folder, 'fonts.conf');
  // The package's own fonts.conf names fixed folders, which are not where it was unpacked to.
  const dirs = `<dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir>`;
  await writeFile(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${dirs}</fontconfig>`,
  );
  return { FONTCONFIG_FILE: file };
}
