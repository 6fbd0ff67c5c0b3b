import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { findExecutable } from '../../../scripts/needs.mjs';
import type { PageBrowser } from './real-browser.ts';

/** The browser that comes with WebKitGTK. */
export const miniBrowser = () => globSync('/usr/lib/*/webkit2gtk-4.*/MiniBrowser')[0];

/** Starts WebKit (the engine of Safari) on a screen of its own, and drives it by WebDriver. */
export async function startWebKit(): Promise<PageBrowser> {
  const screen = await startScreen();
  const port = await freePort();
  const env = {
    ...process.env,
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
  };
  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const init = { method, ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const { value } = (await answer.json()) as { value: { message?: string } };
    if (!answer.ok) throw new Error(`WebKit: ${value.message}`);
    return value;
  };
  try {
    while (!(await send('GET', '/status').catch(() => undefined))) await setTimeout(20);
    const options = { binary: miniBrowser(), args: ['--automation'] };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
    const { sessionId } = (await send('POST', '/session', { capabilities })) as { sessionId: string };
    const session = `/session/${sessionId}`;
    await send('POST', `${session}/window/rect`, { width: 1280, height: 800 });
    return {
      name: 'WebKit',
      open: async (url) => void (await send('POST', `${session}/url`, { url })),
      evaluate: async <T>(expression: string) =>
        (await send('POST', `${session}/execute/sync`, { script: `return ${expression}`, args: [] })) as T,
      screenshot: async () => Buffer.from((await send('GET', `${session}/screenshot`)) as string, 'base64'),
      async close() {
        await send('DELETE', session);
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
