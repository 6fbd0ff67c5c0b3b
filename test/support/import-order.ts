import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const biome = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

/**
 * Lints files with one import each by a package's rules, which lie below a root configuration as in this repository.
 *
 * @param rules the package's biome.json
 * @param imports path of a file in the package → what it imports
 * @returns paths of the files whose import the rules forbid, sorted
 */
export function forbiddenImports(rules: URL, imports: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'import-order-'));
  try {
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    write('biome.json', '{}');
    write('package/biome.json', readFileSync(rules, 'utf8'));
    for (const [file, from] of Object.entries(imports)) {
      write(`package/${file}`, `import { x } from '${from}';\nexport const y = x;\n`);
    }
    const args = [biome, 'lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { path: string } }[] };
    return diagnostics.map(({ location }) => location.path.replace('package/', '')).toSorted();
  } finally {
    rmSync(root, { recursive: true });
  }
}
