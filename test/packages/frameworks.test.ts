import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { launchBrowser, type RealBrowser } from '../e2e/support/browser.ts';
import { needs } from '../support/needs.ts';
import { type NumberedServer, numberedServer } from './support/numbered-server.ts';
import { pack } from './support/pack.ts';
import { createProject, type Project } from './support/project.ts';
import { root, runTool } from './support/run.ts';

/**
 * Apps around the README's recipes. Each shows the status as the title and events as list items, and can be unmounted.
 */
const mains = {
  vue: `
    import { createApp, h, watchEffect } from 'vue';
    import { useEventStream } from './recipe-vue.js';
    const app = createApp({
      setup() {
        const { snapshot } = useEventStream('/events');
        watchEffect(() => { document.title = snapshot.value.status; });
        return () => h('ol', snapshot.value.entries.slice().map(({ key, data }) => h('li', { key }, data)));
      },
    });
    app.mount('#app');
    globalThis.unmountApp = () => app.unmount();`,
  svelte: `
    import { mount, unmount } from 'svelte';
    import App from './App.svelte';
    const app = mount(App, { target: document.getElementById('app') });
    globalThis.unmountApp = () => unmount(app);`,
  angular: `
    import '@angular/compiler';
    import { Component, effect, provideZonelessChangeDetection } from '@angular/core';
    import { bootstrapApplication } from '@angular/platform-browser';
    import { injectEventStream } from './recipe-angular.js';
    const App = Component({
      selector: '#app',
      template: '<ol>@for (entry of logs.snapshot().entries.slice(); track entry.key) { <li>{{ entry.data }}</li> }</ol>',
    })(class {
      logs = injectEventStream('/events');
      title = effect(() => { document.title = this.logs.snapshot().status; });
    });
    const app = await bootstrapApplication(App, { providers: [provideZonelessChangeDetection()] });
    globalThis.unmountApp = () => app.destroy();`,
};

const SVELTE_APP = `
  <script>
    import { eventStream } from './recipe-svelte.js';
    const { snapshot } = eventStream('/events');
    $: document.title = $snapshot.status;
  </script>
  <ol>{#each $snapshot.entries.slice() as entry (entry.key)}<li>{entry.data}</li>{/each}</ol>`;

const VITE_CONFIG = `
  import { compile } from 'svelte/compiler';
  export default {
    base: '/dist/',
    build: { target: 'es2022', rolldownOptions: { input: ${JSON.stringify(Object.keys(mains).map((name) => `${name}.html`))} } },
    plugins: [{
      name: 'svelte',
      transform: (code, id) => id.endsWith('.svelte') ? compile(code, { filename: id, generate: 'client' }).js : undefined,
    }],
  };`;

/** The README's code block that begins with this text. */
function recipe(language: string, begin: string): string {
  const readme = readFileSync(join(root, 'packages/sse-client/README.md'), 'utf8');
  const block = readme.split(`\n\`\`\`${language}\n`).find((text) => text.startsWith(begin));
  if (!block) throw new Error(`the README has no ${language} block that begins with ${begin}`);
  return block.split('\n```')[0]!;
}

describe('the recipes of the README of sse-client', () => {
  needs('chromium');
  let dir: string;
  let project: Project;
  let server: NumberedServer;
  let chromium: RealBrowser;
  let page: Page;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'datashop-recipes-'));
    const tarballs = await pack(dir, ['sse-client']);
    const angular = ['common', 'compiler', 'core', 'platform-browser'].map((name) => [`@angular/${name}`, '^22.0.0']);
    project = await createProject(join(dir, 'app'), 'module', {
      ...tarballs,
      ...Object.fromEntries(angular),
      rxjs: '^7.8.0',
      svelte: '^5.0.0',
      vue: '^3.5.0',
    });
    mkdirSync(join(project.dir, 'src'));
    for (const [name, main] of Object.entries(mains)) {
      project.write(`${name}.html`, `<div id="app"></div><script type="module" src="/src/${name}.js"></script>`);
      project.write(`src/${name}.js`, main);
      project.write(`src/recipe-${name}.js`, recipe('js', `// ${name[0]!.toUpperCase()}${name.slice(1)}: `));
    }
    project.write('src/App.svelte', SVELTE_APP);
    project.write('vite.config.js', VITE_CONFIG);
    await runTool(project.dir, 'vite/bin/vite.js', 'build', '--logLevel', 'warn');
    mkdirSync(join(project.dir, 'pages'));
    project.write('pages/importmap.html', `<!doctype html><body>${recipe('html', '<script type="importmap">')}`);
    server = await numberedServer(project.dir);
    chromium = await launchBrowser();
  });
  beforeEach(async () => {
    page = await chromium.browser.newPage();
    page.setDefaultTimeout(60_000);
  });
  afterEach(() => page.close());
  after(async () => {
    await chromium?.close();
    await server?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  const shown = () => page.$$eval('li', (items) => items.map((item) => Number(item.textContent)));
  const untilTitle = (title: string) => page.waitForFunction((wanted) => document.title === wanted, title);

  /** Shows events from before and after a broken connection, without a gap. */
  async function resumes(path: string): Promise<void> {
    await page.goto(server.url + path);
    await untilTitle('connected');
    await page.waitForFunction(() => document.querySelectorAll('li').length >= 3);
    server.cut();
    const before = (await shown()).length;
    await page.waitForFunction((count) => document.querySelectorAll('li').length >= count + 3, before);
    const numbers = await shown();
    expect(numbers).to.deep.equal(numbers.map((_, index) => numbers[0]! + index));
  }

  for (const name of Object.keys(mains))
    it(`the recipe for ${name} shows every event, and closes the stream when the app is unmounted`, async () => {
      await resumes(`dist/${name}.html`);
      await page.evaluate('unmountApp()');
      await server.untilNobodyListens();
    });

  it('the recipe for an import map runs without a bundler', () => resumes('pages/importmap.html'));
});
