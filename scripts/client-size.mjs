// `node scripts/client-size.mjs`: prints the table of the README of sse-client: what each part costs a page, minified
// by Vite and gzipped. A test compares the two.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const parser = 'eventsource-parser';
const core = "export { createEventStream } from '@datashop/sse-client';\n";
const loaded = {
  atOnce: 'at once',
  ifImported: 'if it is imported',
  onDemand: 'on demand, when an unfinished event comes near `maxEventChars`',
};

/**
 * Builds a module in memory. The entry chunk is the first.
 *
 * @param {string} code
 * @param {string[]} external
 */
async function bundled(code, external) {
  const { NODE_ENV } = process.env;
  const made = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => {
          if (id.endsWith('entry-of-client-size')) return '\0entry';
          return id.startsWith('@datashop/') ? fileURLToPath(import.meta.resolve(id)) : undefined;
        },
        load: (id) => (id === '\0entry' ? code : undefined),
      },
    ],
    build: {
      write: false,
      lib: { entry: 'entry-of-client-size', formats: ['es'] },
      rolldownOptions: { external, output: { minify: true } },
    },
  });
  // Vite sets it for the whole process, and child processes would inherit it.
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  const chunks = [made].flat().flatMap((one) => ('output' in one ? one.output : []));
  return chunks.filter((chunk) => chunk.type === 'chunk').sort((a, b) => Number(b.isEntry) - Number(a.isEntry));
}

/** @param {{ code: string }} chunk */
const gzipped = ({ code }) => gzipSync(code, { level: 9 }).length;

/** What each part costs, in bytes; for each further part, the bytes that it adds to the core. */
export async function clientSizes() {
  const [entry, ...onDemand] = await bundled(core, [parser]);
  const base = gzipped(entry);
  /** @param {string} code @param {string[]} [external] */
  const added = async (code, external = [parser, 'react']) => gzipped((await bundled(core + code, external))[0]) - base;
  /** @param {string} name @param {string} [what] */
  const from = (name, what = '*') => added(`export ${what} from '@datashop/sse-client/${name}';`);
  return {
    core: { code: entry.code, imports: entry.imports },
    rows: [
      { part: 'core: `createEventStream`', bytes: base, loaded: loaded.atOnce },
      { part: `\`${parser}\``, bytes: await added('', []), loaded: loaded.atOnce },
      {
        part: '`onEvents()` of `@datashop/sse-client/events`',
        bytes: await from('events', '{ onEvents }'),
        loaded: loaded.ifImported,
      },
      {
        part: '`iterate()` of `@datashop/sse-client/events`',
        bytes: await from('events', '{ iterate }'),
        loaded: loaded.ifImported,
      },
      { part: '`parseWith()` of `@datashop/sse-client/parse`', bytes: await from('parse'), loaded: loaded.ifImported },
      {
        part: '`localPersistence()` of `@datashop/sse-client/persist`',
        bytes: await from('persist'),
        loaded: loaded.ifImported,
      },
      { part: '`sharedTabs()` of `@datashop/sse-client/tabs`', bytes: await from('tabs'), loaded: loaded.ifImported },
      { part: '`@datashop/sse-client/react`, without React', bytes: await from('react'), loaded: loaded.ifImported },
      {
        part: 'what measures large events',
        bytes: onDemand.reduce((sum, chunk) => sum + gzipped(chunk), 0),
        loaded: loaded.onDemand,
      },
    ],
  };
}

/** @param {Awaited<ReturnType<typeof clientSizes>>['rows']} rows */
export const sizeTable = (rows) =>
  [
    '| part | bytes | loaded |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.part} | ${row.bytes.toLocaleString('en').replace(',', ' ')} | ${row.loaded} |`),
  ].join('\n');

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(sizeTable((await clientSizes()).rows));
