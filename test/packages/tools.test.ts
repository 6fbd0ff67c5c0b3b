import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pack } from './support/pack.ts';
import { createProject, type Project } from './support/project.ts';
import { run } from './support/run.ts';

const JEST = `
  const { createEventStream } = require('@datashop/sse-client');
  const { parseWith } = require('@datashop/sse-client/parse');
  const { localPersistence } = require('@datashop/sse-client/persist');
  const { object, string } = require('valibot');
  test('reads events with a schema, and gives up', async () => {
    const stream = createEventStream('http://unused/', {
      fetch: async () => new Response('data: {"level":"info"}\\n\\ndata: {}\\n\\n', { headers: { 'content-type': 'text/event-stream' } }),
      maxRetries: 0,
      parse: parseWith(object({ level: string() })),
    });
    const closed = new Promise((resolve) => stream.subscribe(() => stream.getSnapshot().status === 'closed' && resolve()));
    stream.connect();
    await closed;
    const { entries, lastError } = stream.getSnapshot();
    expect(lastError.code).toBe('GAVE_UP');
    expect([...entries].map(({ value, error }) => value?.level ?? error.code)).toEqual(['info', 'SCHEMA']);
    expect(localPersistence({ scope: 'a' }).scope).toBe('a');
  });`;

const PAGE = `
  import { createEventStream } from '@datashop/sse-client';
  import { onEvents } from '@datashop/sse-client/events';
  import { parseWith } from '@datashop/sse-client/parse';
  import { localPersistence } from '@datashop/sse-client/persist';
  import { sharedTabs } from '@datashop/sse-client/tabs';
  const options = { parse: parseWith({}), persist: localPersistence({ scope: 'a' }), tabs: sharedTabs() };
  const stream = createEventStream('/events', options);
  onEvents(stream, () => {});
  console.log(stream.getSnapshot().status);`;

/** @param version 4 or 5. webpack 4's own hash function is missing in today's OpenSSL. */
const WEBPACK = (version: number, page: string) => `
  require('webpack${version}')({
    mode: 'production', target: 'node', entry: './${page}',
    output: { path: __dirname + '/out${version}', filename: 'main.js', hashFunction: 'sha256' },
  }, (error, stats) => {
    const text = error ?? stats.toString({ all: false, errors: true, warnings: true });
    if (text) throw new Error(text);
  });`;

const TYPES = `
  import { createEventStream, type EventStream, type StandardSchema, type StreamSnapshot } from '@datashop/sse-client';
  import { iterate, onEvents } from '@datashop/sse-client/events';
  import { parseWith } from '@datashop/sse-client/parse';
  import { localPersistence } from '@datashop/sse-client/persist';
  import { useEventStream } from '@datashop/sse-client/react';
  import { sharedTabs } from '@datashop/sse-client/tabs';
  declare const logSchema: StandardSchema<{ level: string }>;
  const persist = localPersistence({ scope: 'a' });
  export const status: StreamSnapshot['status'] = createEventStream('/x', { persist, tabs: sharedTabs() }).getSnapshot().status;
  const stream: EventStream<{ log: { level: string }; count: number }> =
    createEventStream('/x', { parse: parseWith({ log: logSchema, count: (data) => Number(data) }) });
  onEvents(stream, (batch) => {
    for (const entry of batch) {
      if (entry.error) entry.error.code satisfies string;
      else if (entry.event === 'log') entry.value.level.trim();
      else entry.value.toFixed();
    }
  });
  export const all = async () => {
    for await (const entry of iterate(stream)) if (entry.kind === 'event' && entry.event === 'count') entry.value?.toFixed();
  };
  export function Page() {
    const { selected, connect } = useEventStream('/x', { select: ({ counts }) => counts.total });
    return [selected.toFixed(), connect];
  }
  // @ts-expect-error an option that does not exist
  createEventStream('/x', { maxEntrys: 5 });`;

describe('the packed sse-client in older tools', () => {
  let dir: string;
  let project: Project;
  const node = (...args: string[]) => run(project.dir, process.execPath, ...args);

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'datashop-tools-'));
    const tarballs = await pack(dir, ['sse-client']);
    project = await createProject(join(dir, 'app'), 'commonjs', {
      ...tarballs,
      jest: '^29.7.0',
      typescript: '5.0',
      valibot: '^1.0.0',
      webpack4: 'npm:webpack@4',
      webpack5: 'npm:webpack@5',
    });
  });
  after(() => dir && rmSync(dir, { recursive: true, force: true }));

  it('a plain install of sse-client brings one dependency, and no React', async () => {
    const tree = JSON.parse(await run(project.dir, 'npm', 'ls', '--all', '--json', '@datashop/sse-client'));
    expect(Object.keys(tree.dependencies['@datashop/sse-client'].dependencies ?? {})).to.not.include('react');
    expect(readdirSync(join(project.dir, 'node_modules'))).to.not.include('react');
  });

  it('Jest 29 requires sse-client without a transform', async () => {
    project.write('stream.test.js', JEST);
    await node('node_modules/jest/bin/jest.js', '--ci');
  });

  for (const version of [4, 5])
    it(`webpack ${version} bundles sse-client without a loader`, async () => {
      // webpack 4 takes .mjs for a module that may import only the default of CommonJS, webpack 5 this project's .js
      // for CommonJS.
      const page = version === 4 ? 'page.js' : 'page.mjs';
      project.write(page, PAGE);
      project.write(`webpack-${version}.js`, WEBPACK(version, page));
      await node(`webpack-${version}.js`);
      expect(await node(`out${version}/main.js`)).to.equal('idle\n');
    });

  for (const [moduleResolution, module] of [
    ['node', 'es2022'],
    ['node16', 'node16'],
    ['bundler', 'esnext'],
  ])
    it(`TypeScript 5.0 checks sse-client with moduleResolution ${moduleResolution}, from CommonJS and from ES modules`, async () => {
      const lib = ['es2022', 'dom', 'dom.iterable'];
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2022',
        lib,
        strict: true,
        types: [],
        noEmit: true,
      };
      for (const file of ['main.cts', 'main.mts']) project.write(file, TYPES);
      project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['main.cts', 'main.mts'] }));
      await node('node_modules/typescript/bin/tsc', '--project', '.');
    });

  it("the hook's ES module and its CommonJS file are marked as client modules", () => {
    for (const file of ['react.js', 'cjs/react.js', 'browser/react.js']) {
      const text = readFileSync(join(project.dir, 'node_modules/@datashop/sse-client/dist', file), 'utf8');
      expect(text, file).to.match(/^['"]use client['"];/);
    }
  });
});
