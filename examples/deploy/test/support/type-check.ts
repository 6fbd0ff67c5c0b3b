import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const options = [
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  '--module',
  'nodenext',
  '--target',
  'es2024',
  '--ignoreConfig',
];

/** A value, and the type that it has to have: the name that `module` exports. */
export interface Typed {
  readonly value: unknown;
  readonly type: string;
  readonly module: string;
}

/**
 * Compiles the values as literals of their types, so that a field that a type lacks is an error, too. Returns the
 * errors.
 */
export function typeErrors(values: readonly Typed[]): string[] {
  // Inside of the repository, so that modules resolve.
  const folder = mkdtempSync(join(root, 'node_modules/.typed-'));
  try {
    const lines = values.map(({ value, type, module }, index) => {
      const literal = JSON.stringify(value, null, 2);
      return `import type { ${type} as T${index} } from '${module}';\nexport const v${index}: T${index} = ${literal};\n`;
    });
    const file = join(folder, 'values.mts');
    writeFileSync(file, lines.join('\n'));
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, file], { cwd: folder, encoding: 'utf8' });
    return stdout.split('\n').filter((line) => /error/.test(line));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
