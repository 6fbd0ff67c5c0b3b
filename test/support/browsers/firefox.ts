import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable } from '../../../scripts/needs.mjs';
import type { PageBrowser } from './real-browser.ts';

/** Starts Firefox without a window, with a profile of its own, and drives it by WebDriver BiDi. */
export async function startFirefox(): Promise<PageBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'datashop-firefox-'));
  const preferences = [
    '"app.update.enabled", false',
    '"browser.shell.checkDefaultBrowser", false',
    '"datareporting.policy.dataSubmissionEnabled", false',
  ];
  await writeFile(join(profile, 'user.js'), preferences.map((it) => `user_pref(${it});\n`).join(''));
  const args = [
    '--headless',
    '--no-remote',
    '--profile',
    profile,
    '--remote-debugging-port=0',
    '--width=1280',
    '--height=800',
  ];
  const program = findExecutable('firefox-esr') ?? findExecutable('firefox') ?? 'firefox';
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } });
  const ended = once(child, 'exit');
  const remove = () => rm(profile, { recursive: true, force: true, maxRetries: 5 });
  try {
    const socket = await connect(`${await listening(child.stderr)}/session`);
    const { call } = socket;
    await call('session.new', { capabilities: {} });
    const { contexts } = (await call('browsingContext.getTree', {})) as { contexts: { context: string }[] };
    const { context } = contexts[0]!;
    return {
      name: 'Firefox',
      open: async (url) => void (await call('browsingContext.navigate', { context, url, wait: 'complete' })),
      async evaluate(expression) {
        // As JSON, because BiDi describes values in a form of its own.
        const parameters = { expression: `JSON.stringify(${expression})`, target: { context }, awaitPromise: true };
        const { result } = (await call('script.evaluate', parameters)) as { result: { value?: string } };
        return JSON.parse(result.value ?? 'null');
      },
      async screenshot() {
        const { data } = (await call('browsingContext.captureScreenshot', { context })) as { data: string };
        return Buffer.from(data, 'base64');
      },
      async close() {
        socket.close();
        child.kill('SIGTERM');
        await ended;
        await remove();
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    await remove();
    throw error;
  }
}

/** The address that Firefox prints once it accepts connections. */
async function listening(stderr: NodeJS.ReadableStream): Promise<string> {
  let output = '';
  for await (const chunk of stderr) {
    output += chunk;
    const [, address] = /WebDriver BiDi listening on (ws:\S+)/.exec(output) ?? [];
    if (address) {
      stderr.resume();
      return address;
    }
  }
  throw new Error(`Firefox ended: ${output}`);
}

/** A connection whose `call` resolves with a command's result. */
async function connect(url: string) {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  socket.addEventListener('message', ({ data }) => {
    const { id, type, result, message } = JSON.parse(data);
    if (type === 'error') pending.get(id)?.reject(new Error(message));
    else pending.get(id)?.resolve(result);
  });
  let calls = 0;
  return {
    call(method: string, params: object): Promise<unknown> {
      const id = ++calls;
      const settled = Promise.withResolvers<unknown>();
      pending.set(id, settled);
      socket.send(JSON.stringify({ id, method, params }));
      return settled.promise;
    },
    close: () => socket.close(),
  };
}
