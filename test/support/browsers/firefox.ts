import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable } from '../../../scripts/needs.mjs';
import { type Call, connectBidi, evaluate } from './bidi.ts';
import { type BrowserTab, inView, keyActions, type PageBrowser } from './real-browser.ts';

/** Starts Firefox without a window, with a profile of its own, and drives it by WebDriver BiDi. */
export async function startFirefox(): Promise<PageBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'datashop-firefox-'));
  const downloads = join(profile, 'downloads');
  await mkdir(downloads);
  const preferences = {
    'app.update.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'browser.download.folderList': 2,
    'browser.download.dir': downloads,
    'ui.prefersReducedMotion': 1,
    // Firefox's own viewer of JSON is a page of another origin.
    'devtools.jsonview.enabled': false,
  };
  const lines = Object.entries(preferences).map((entry) => `user_pref(${entry.map((it) => JSON.stringify(it))});\n`);
  await writeFile(join(profile, 'user.js'), lines.join(''));
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
    const { call, close } = await connectBidi(`${await listening(child.stderr)}/session`);
    const { contexts } = await call<{ contexts: { context: string }[] }>('browsingContext.getTree', {});
    return {
      ...tabOf(call, contexts[0]!.context),
      name: 'Firefox',
      keepsPages: false,
      downloads,
      newTab: async () => {
        const { context } = await call<{ context: string }>('browsingContext.create', { type: 'tab' });
        return tabOf(call, context);
      },
      async close() {
        close();
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

function tabOf(call: Call, context: string): BrowserTab {
  const perform = (source: object) => call('input.performActions', { context, actions: [source] });
  return {
    open: async (url) => void (await call('browsingContext.navigate', { context, url, wait: 'complete' })),
    reload: async () => void (await call('browsingContext.reload', { context, wait: 'complete' })),
    back: async () => void (await call('browsingContext.traverseHistory', { context, delta: -1 })),
    async evaluate(expression) {
      // As JSON, because BiDi describes values in a form of its own.
      const { value } = await evaluate(
        call,
        context,
        `Promise.resolve(${expression}).then((it) => JSON.stringify(it))`,
      );
      return JSON.parse(value ?? 'null');
    },
    async click(expression) {
      const { sharedId } = await evaluate(call, context, inView(expression));
      const origin = { type: 'element', element: { sharedId } };
      await perform({
        type: 'pointer',
        id: 'mouse',
        actions: [
          { type: 'pointerMove', x: 0, y: 0, origin },
          { type: 'pointerDown', button: 0 },
          { type: 'pointerUp', button: 0 },
        ],
      });
    },
    press: async (...keys) => void (await perform({ type: 'key', id: 'keyboard', actions: keyActions(keys) })),
    async screenshot() {
      const { data } = await call<{ data: string }>('browsingContext.captureScreenshot', { context });
      return Buffer.from(data, 'base64');
    },
    close: async () => void (await call('browsingContext.close', { context })),
  };
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
