import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { launchBrowser, type RealBrowser } from '../e2e/support/browser.ts';
import { needs } from '../support/needs.ts';
import { type NumberedServer, numberedServer } from './support/numbered-server.ts';
import { createProject, type Project } from './support/project.ts';
import { root, run, runTool } from './support/run.ts';

/** Up to React 17, ReactDOM renders; from 18 on, a root does. */
const RENDER = {
  legacy: `import ReactDOM from 'react-dom';
    const render = (app) => ReactDOM.render(app, document.getElementById('root'));`,
  root: `import { createRoot } from 'react-dom/client';
    const render = (app) => createRoot(document.getElementById('root')).render(app);`,
};

const APP = `
  import { StrictMode } from 'react';
  import { useEventStream } from '@datashop/sse-client/react';
  function Logs() {
    const { status, entries, counts, connect, disconnect } = useEventStream('/events');
    return (
      <main data-status={status} data-total={counts.total}>
        <button onClick={disconnect}>Disconnect</button>
        <button onClick={connect}>Connect</button>
        <ol>{[...entries].map((entry) => <li key={entry.key}>{entry.kind === 'event' ? entry.data : 'gap'}</li>)}</ol>
      </main>
    );
  }
  render(<StrictMode><Logs /></StrictMode>);`;

describe('the packed React hook in a fresh Vite app', () => {
  needs('chromium');
  let dir: string;
  let tarball: string;
  let chromium: RealBrowser;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'datashop-react-'));
    await run(join(root, 'packages/sse-client'), 'npm', 'pack', '--pack-destination', dir);
    tarball = join(dir, readdirSync(dir).find((file) => file.endsWith('.tgz')) as string);
    chromium = await launchBrowser();
  });
  after(async () => {
    await chromium?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  for (const [react, render] of [
    ['16.14', 'legacy'],
    ['17', 'legacy'],
    ['18', 'root'],
    ['19', 'root'],
  ] as const) {
    describe(`React ${react}`, () => {
      let app: Project;
      let server: NumberedServer;
      let page: Page;
      const complaints: string[] = [];

      before(async () => {
        app = await createProject(join(dir, `react-${react}`), 'module', {
          '@datashop/sse-client': `file:${tarball}`,
          react,
          'react-dom': react,
        });
        mkdirSync(join(app.dir, 'src'));
        app.write('index.html', '<div id="root"></div><script type="module" src="/src/main.jsx"></script>');
        app.write('src/main.jsx', RENDER[render] + APP);
        await runTool(app.dir, 'vite/bin/vite.js', 'build', '--logLevel', 'warn');
        server = await numberedServer(join(app.dir, 'dist'));
        page = await chromium.browser.newPage();
        page.setDefaultTimeout(100_000);
        page.on('console', (message) => complaints.push(message.text()));
        page.on('pageerror', (error) => complaints.push(String(error)));
        await page.goto(server.url);
      });
      after(async () => {
        await page?.close();
        await server?.close();
      });

      const shown = () => page.$$eval('li', (items) => items.map((item) => Number(item.textContent)));
      const untilShown = (least: number) =>
        page.waitForFunction((count) => document.querySelectorAll('li').length >= count, least);

      it(`the packed hook shows every event once, through a broken connection and a pause, on React ${react}`, async () => {
        await page.waitForSelector('main[data-status=connected]');
        await untilShown(5);

        server.cut();
        await page.waitForSelector('main:not([data-status=connected])');
        await page.waitForSelector('main[data-status=connected]');
        await untilShown((await shown()).length + 5);

        await page.getByRole('button', { name: 'Disconnect' }).click();
        await page.waitForSelector('main[data-status=idle]');
        await server.untilNobodyListens();
        await page.getByRole('button', { name: 'Connect', exact: true }).click();
        await untilShown((await shown()).length + 5);

        const numbers = await shown();
        expect(numbers).to.deep.equal(numbers.map((_, index) => numbers[0]! + index));
        expect(complaints.filter((text) => !/ERR_|net::/.test(text))).to.deep.equal([]);
      });

      it(`the packed hook brings no React of its own, on React ${react}`, async () => {
        const tree = await run(app.dir, 'npm', 'ls', 'react', '--all', '--parseable');
        const found = tree.split('\n').filter((line) => /node_modules[\\/]react$/.test(line));
        expect(found).to.have.length(1);
      });
    });
  }

  it('the packed hook type-checks with the types of React 18 and 19', async () => {
    for (const types of ['18', '19']) {
      const app = await createProject(join(dir, `types-${types}`), 'module', {
        '@datashop/sse-client': `file:${tarball}`,
        react: types,
        '@types/react': types,
      });
      app.write(
        'main.tsx',
        `import { createEventStream, type StreamSnapshot } from '@datashop/sse-client';
         import { localPersistence } from '@datashop/sse-client/persist';
         import { useEventStream } from '@datashop/sse-client/react';
         export function Logs() {
           const stream = useEventStream('/events', { maxEntries: 5, persist: localPersistence({ scope: 'me' }) });
           const status: StreamSnapshot['status'] = stream.status;
           return <p onClick={stream.disconnect}>{status}</p>;
         }
         createEventStream('/events').close();
         // @ts-expect-error an option that does not exist
         createEventStream('/events', { maxEntrys: 5 });`,
      );
      const compilerOptions = {
        module: 'preserve',
        moduleResolution: 'bundler',
        target: 'es2022',
        lib: ['es2022', 'dom', 'dom.iterable'],
        jsx: 'react-jsx',
        strict: true,
        skipLibCheck: false,
        noEmit: true,
      };
      app.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['main.tsx'] }));
      await runTool(app.dir, 'typescript/bin/tsc', '--project', '.');
    }
  });
});
