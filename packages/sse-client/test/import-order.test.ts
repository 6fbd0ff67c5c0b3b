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
  'src/notifier.ts': './connection/outcome.ts',
  'src/options.ts': './event-stream.ts',
  'src/received.ts': 'eventsource-parser',
  'src/event-stream.ts': 'react',
  'src/index.ts': '@datashop/sse-proxy',
  'src/react.ts': './connection/connection.ts',
  'src/connection/attempt.ts': '../entries/entry-store.ts',
  'src/connection/backoff.ts': '../event-stream.ts',
  'src/entries/entry-store.ts': '../connection/connection.ts',
  'src/entries/seen-ids.ts': 'eventsource-parser',
  'src/persist/encoding.ts': '../connection/outcome.ts',
  'src/persist/persistence.ts': '../index.ts',
  'src/tabs/leader.ts': '../entries/entry-store.ts',
  'src/tabs/page.ts': 'react',
};

const allowed = {
  'src/notifier.ts': './environment.ts',
  'src/event-stream.ts': './tabs/tabs-connection.ts',
  'src/index.ts': './event-stream.ts',
  'src/react.ts': 'react',
  'src/connection/attempt.ts': '../options.ts',
  'src/connection/read-stream.ts': 'eventsource-parser',
  'src/entries/entry-store.ts': './seen-ids.ts',
  'src/persist/encoding.ts': '../entries/entry-store.ts',
  'src/tabs/leader.ts': '../connection/connection.ts',
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

describe('lint of the import order', () => {
  it('rejects every import from a lower folder to a higher one, and of a framework', () => {
    expect(lint(forbidden)).to.deep.equal(Object.keys(forbidden).toSorted());
  });

  it('accepts every import that follows the order', () => {
    expect(lint(allowed)).to.deep.equal([]);
  });
});
