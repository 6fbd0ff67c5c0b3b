import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const biome = fileURLToPath(new URL('../../../node_modules/@biomejs/biome/bin/biome', import.meta.url));
const rules = readFileSync(new URL('../biome.json', import.meta.url), 'utf8');

/** One import per importing file. */
const forbidden = {
  'src/errors.ts': 'express',
  'src/event-id.ts': './stream/frames.ts',
  'src/filter.ts': './log-stream-router.ts',
  'src/types.ts': '@datashop/sse-proxy',
  'src/index.ts': '@datashop/sse-proxy',
  'src/log-stream-router.ts': '@datashop/sse-client',
  'src/stores/sqlite/store.ts': '../../stream/tail.ts',
  'src/stores/sqlite/database.ts': 'express',
  'src/stores/sqlite/wakeups.ts': '../../index.ts',
  'src/stream/reader.ts': '../http/query.ts',
  'src/stream/tail.ts': '../stores/sqlite/store.ts',
  'src/stream/frames.ts': '@datashop/sse-proxy',
  'src/http/page.ts': '../stores/sqlite/store.ts',
  'src/http/query.ts': '../log-stream-router.ts',
};

const allowed = {
  'src/options.ts': './errors.ts',
  'src/types.ts': 'express',
  'src/index.ts': './stores/sqlite/store.ts',
  'src/log-stream-router.ts': './http/page.ts',
  'src/stores/sqlite/store.ts': '../../options.ts',
  'src/stores/sqlite/database.ts': 'node:sqlite',
  'src/stream/reader.ts': 'node:timers/promises',
  'src/stream/open-streams.ts': '../errors.ts',
  'src/http/open-stream.ts': '../stream/frames.ts',
};

/** Lints files that hold one import each, with the package's own rules, and returns the files with a forbidden import. */
function lint(imports: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'import-order-'));
  try {
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    write('biome.json', '{}');
    write('package/biome.json', rules);
    for (const [file, from] of Object.entries(imports))
      write(`package/${file}`, `import { x } from '${from}';\nexport const y = x;\n`);
    const args = [biome, 'lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { path: string } }[] };
    return diagnostics.map(({ location }) => location.path.replace('package/', '')).toSorted();
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe('lint of log-stream’s import order', () => {
  it('rejects every import of log-stream from a lower folder to a higher one, and of a sibling package', () => {
    expect(lint(forbidden)).to.deep.equal(Object.keys(forbidden).toSorted());
  });

  it('accepts every import of log-stream that follows the order', () => {
    expect(lint(allowed)).to.deep.equal([]);
  });
});
