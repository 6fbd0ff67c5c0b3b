import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const biome = fileURLToPath(new URL('../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

/**
 * What each module may import. A module is a folder (`config/`) or a file (`errors.ts`, `upstream/upstream.ts`), both
 * relative to the source folder. Files of one folder may always import each other; root files need an entry for that.
 */
export type ImportOrder = Record<string, Allowed[]>;

/**
 * A folder without its subfolders (`config/`), a file (`http.ts`), a package (`undici`), or `node:` for all of Node.js
 */
type Allowed = string | TypesOnly;

/**
 * A module may import types from here, no values. Lint can't distinguish types from values, but it can restrict the
 * names. If there are no names, only the test that reads the source refuses values.
 */
interface TypesOnly {
  from: string;
  names: string[];
}

export const typesOf = (from: string, ...names: string[]): TypesOnly => ({ from, names });

/** Packages that each module is tested against, in addition to those that the order names */
const tried = ['node:fs', 'node:fs/promises', 'express', 'undici', 'react', 'lodash', '@datashop/sse-proxy/internal'];

/** Each form of import. `n` makes the local name unique in its file. */
const forms = {
  value: (from: string, n: number, name = 'x') => `import { ${name} as value${n} } from '${from}';`,
  type: (from: string, n: number, name = 'x') => `import type { ${name} as type${n} } from '${from}';`,
  default: (from: string, n: number) => `import default${n} from '${from}';`,
  namespace: (from: string, n: number) => `import * as all${n} from '${from}';`,
  'side effect': (from: string) => `import '${from}';`,
  dynamic: (from: string, n: number) => `export const dynamic${n} = import('${from}');`,
  're-export': (from: string, n: number, name = 'x') => `export { ${name} as again${n} } from '${from}';`,
  're-export of all': (from: string) => `export * from '${from}';`,
  're-export of a type': (from: string, n: number, name = 'x') =>
    `export type { ${name} as again${n} } from '${from}';`,
};
type Form = keyof typeof forms;
const typeForms: Form[] = ['type', 're-export of a type'];

interface Probe {
  /** as a failed test prints it */
  title: string;
  text: string;
  accepted: boolean;
}

/**
 * Defines the tests of a package's import order. Lint must accept the imports that the order allows, and no others. The
 * source must follow the order also where lint does not check it: `require('…')`, the type `import('…').T`, and values
 * from where only types are allowed.
 *
 * @param name the package's, for the tests' titles
 * @param directory the package, with its biome.json
 * @param source folder in the package that the order describes, e.g. `src/`
 */
export function testImportOrder(name: string, directory: URL, source: string, order: ImportOrder): void {
  const files = readdirSync(new URL(source, directory), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /(?<!\.d)\.tsx?$/.test(path));

  it(`the import order of ${name} names each folder and each root file`, () => {
    const modules = new Set(files.map((file) => moduleOf(order, file) ?? file));
    expect([...modules].toSorted()).to.deep.equal(Object.keys(order).toSorted());
  });

  it(`lint accepts an import in ${name} if the order allows it, and refuses it otherwise`, function () {
    this.timeout(30_000);
    const probes = probesOf(order);
    const refused = lint(directory, source, probes);
    const wrong = [...probes].flatMap(([path, list]) =>
      list
        .filter(({ accepted }, index) => accepted === refused.has(`${path}:${index + 1}`))
        .map(({ accepted, title }) => `${accepted ? 'refused' : 'accepted'}: ${title}`),
    );
    expect(wrong).to.deep.equal([]);
  });

  it(`each import in ${name} follows the order, also by require() and in a type by import()`, () => {
    const wrong = files.flatMap((file) =>
      importsOf(readFileSync(new URL(source + file, directory), 'utf8'))
        .filter(({ from, type }) => {
          const allowed = allowedTo(order, moduleOf(order, file) ?? file, resolve(file, from));
          return allowed !== 'all' && !(allowed && type);
        })
        .map(({ statement }) => `${file}: ${statement}`),
    );
    expect(wrong).to.deep.equal([]);
  });
}

const folderOf = (path: string) => (path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '');
const isFile = (target: string) => /^[^@].*\.[a-z]+$/.test(target);
const resolve = (file: string, from: string) => (from.startsWith('.') ? posix.join(folderOf(file), from) : from);
const moduleOf = (order: ImportOrder, file: string) => [file, folderOf(file)].find((module) => order[module]);

/** Returns what a module may import from a file or package. */
function allowedTo(order: ImportOrder, module: string, target: string): 'all' | TypesOnly | undefined {
  const folder = isFile(target) ? folderOf(target) : '';
  if (folder && folder === folderOf(module)) return 'all';
  const matches = (name: string) =>
    name === target || (folder && name === folder) || (name === 'node:' && target.startsWith('node:'));
  const entry = order[module]?.find((allowed) => matches(typeof allowed === 'string' ? allowed : allowed.from));
  return typeof entry === 'string' ? 'all' : entry;
}

/** Returns imports of each file, folder and package by each module in each form: path of a file → its lines. */
function probesOf(order: ImportOrder): Map<string, Probe[]> {
  const sample = (module: string) => (module.endsWith('/') ? `${module}probe.ts` : module);
  const named = Object.values(order)
    .flat()
    .map((allowed) => (typeof allowed === 'string' ? allowed : allowed.from))
    .filter((name) => name !== 'node:');
  const targets = [...new Set([...Object.keys(order), ...named, ...tried].map(sample))];
  return new Map(
    Object.keys(order).map((module) => {
      const path = sample(module);
      const others = targets.filter((target) => target !== path);
      return [path, others.flatMap((target, n) => probesOfTarget(path, target, n, allowedTo(order, module, target)))];
    }),
  );
}

function probesOfTarget(path: string, target: string, n: number, allowed: 'all' | TypesOnly | undefined): Probe[] {
  const relative = isFile(target) ? posix.relative(folderOf(path), target) : target;
  const from = isFile(target) && !relative.startsWith('.') ? `./${relative}` : relative;
  const names = typeof allowed === 'object' ? allowed.names : [];
  const all = allowed !== undefined && names.length === 0;
  const probe = (text: string, accepted: boolean): Probe => ({ title: `${path}: ${text}`, text, accepted });
  const probes = Object.values(forms).map((form) => probe(form(from, n), all));
  for (const name of names) {
    probes.push(...typeForms.map((form) => probe(forms[form](from, n, name), true)));
  }
  // A detour through another folder must not circumvent the rules.
  if (isFile(target)) probes.push(probe(forms.value(`./aside/../${relative}`, n), false));
  return probes;
}

/** Lints the probes by the package's rules, below an empty root configuration. Returns `path:line` of each refusal. */
function lint(directory: URL, source: string, probes: Map<string, Probe[]>): Set<string> {
  const root = mkdtempSync(join(tmpdir(), 'import-order-'));
  try {
    writeFileSync(join(root, 'biome.json'), '{}');
    const copy = `package/${source}`;
    for (const [path, list] of probes) {
      mkdirSync(join(root, copy, folderOf(path)), { recursive: true });
      writeFileSync(join(root, copy, path), list.map(({ text }) => `${text}\n`).join(''));
    }
    writeFileSync(join(root, 'package/biome.json'), readFileSync(new URL('biome.json', directory)));
    const args = [biome, 'lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: Infinity });
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: { category: string; message: string; location: { path: string; start: { line: number } } }[];
    };
    const other = diagnostics.find(({ category }) => category !== 'lint/style/noRestrictedImports');
    if (other) throw new Error(`biome could not lint ${other.location.path}: ${other.message}`);
    return new Set(
      diagnostics.map(
        ({ location: { path, start } }) => `${path.replaceAll('\\', '/').replace(copy, '')}:${start.line}`,
      ),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}

interface Import {
  statement: string;
  from: string;
  type: boolean;
}

/** Returns all imports in a formatted file: `import`, `export … from`, `import('…')` and `require('…')`. */
function importsOf(text: string): Import[] {
  const code = text.replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  const statements = code.matchAll(/^(?:import|export)\b(?:[^;'"=()]*\bfrom)? '([^']+)'/gm);
  // A call without a string literal gets an empty specifier, which no order allows.
  const calls = code.matchAll(/(?<![\w.'])(?:import|require)\(\s*(?:'([^']*)')?/g);
  return [...statements, ...calls].map(([statement, from = '']) => ({
    statement,
    from,
    type: /^(import|export) type\b/.test(statement),
  }));
}
