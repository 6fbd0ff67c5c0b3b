// Builds from sse-client's ES modules what tsc can't: `dist/cjs` for tools that need CommonJS or don't know `exports`
// (Jest, webpack 4), and `dist/browser` for pages without a bundler. Both contain eventsource-parser, which has no
// CommonJS files.
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../packages/sse-client/dist');
const entries = ['index', 'events', 'parse', 'persist', 'react', 'tabs'];

/** @param {'cjs' | 'es'} format @param {string} folder @param {string} target newest syntax that the files have */
async function bundle(format, folder, target) {
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: join(dist, folder),
      target,
      minify: false,
      lib: { entry: entries.map((name) => join(dist, `${name}.js`)), formats: [format] },
      rolldownOptions: {
        external: ['react'],
        // 'use client' is kept, as test/packages/tools.test.ts checks.
        checks: { moduleLevelDirective: false },
        output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
      },
    },
  });
}

rmSync(join(dist, 'browser'), { recursive: true, force: true });
rmSync(join(dist, 'cjs'), { recursive: true, force: true });
await bundle('es', 'browser', 'es2022');
// The newest syntax that webpack 4 parses.
await bundle('cjs', 'cjs', 'es2018');
writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');

// The declarations that the entry files need.
const declarations =
  /^(index|event-stream|events|parse|persist|react|tabs|types|types.[\w-]+|events.iterate|events.on-events|parse.parse-with|persist.persistence|react.use-snapshot|tabs.shared-tabs)\.d\.ts$/;
for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' }))
  if (declarations.test(file)) cpSync(join(dist, file), join(dist, 'cjs', file));
