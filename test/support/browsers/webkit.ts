import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findExecutable } from '../../../scripts/needs.mjs';
import { freePort } from '../free-ports.ts';
import type { PageBrowser } from './real-browser.ts';
import { Session, sender } from './webdriver.ts';

/** The browser that comes with WebKitGTK. */
export const miniBrowser = () => globSync('/usr/lib/*/webkit2gtk-4.*/MiniBrowser')[0];

/** Starts WebKit (the engine of Safari) on a screen of its own, and drives it by WebDriver. */
export async function startWebKit(): Promise<PageBrowser> {
  const home = await mkdtemp(join(tmpdir(), 'datashop-webkit-'));
  const downloads = join(home, 'Downloads');
  await mkdir(downloads);
  await mkdir(join(home, '.config'));
  await writeFile(join(home, '.config', 'user-dirs.dirs'), 'XDG_DOWNLOAD_DIR="$HOME/Downloads"\n');
  const screen = await startScreen();
  const port = await freePort();
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    DISPLAY: screen.display,
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
  };
  const driver = spawn(findExecutable('WebKitWebDriver') ?? 'WebKitWebDriver', [`--port=${port}`], {
    env,
    stdio: 'ignore',
  });
  const ended = once(driver, 'exit');
  const stop = async () => {
    driver.kill('SIGTERM');
    await ended;
    await screen.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  const send = sender(`http://127.0.0.1:${port}`);
  try {
    while (!(await send('GET', '/status').catch(() => undefined))) await setTimeout(20);
    const options = { binary: miniBrowser(), args: ['--automation'] };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
    const { sessionId } = await send<{ sessionId: string }>('POST', '/session', { capabilities });
    const session = new Session(send, sessionId);
    const tab = await session.firstTab();
    await session.resize(1280, 800);
    return {
      ...tab,
      name: 'WebKit',
      keepsPages: true,
      downloads,
      newTab: () => session.newTab(),
      async close() {
        await session.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A screen that nobody sees. */
async function startScreen(): Promise<{ display: string; close(): Promise<void> }> {
  const args = ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'];
  const child = spawn(findExecutable('Xvfb') ?? 'Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const [number] = (await Promise.race([once(child.stdio[3]!, 'data'), ended])) as [Buffer | number | null];
  if (!Buffer.isBuffer(number)) throw new Error(`Xvfb ended with exit code ${number}`);
  return {
    display: `:${number.toString().trim()}`,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
