import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

/** By folder of `web/src`: imports that lint refuses there, and imports that it accepts. */
const rules: Record<string, { refused: string[]; accepted: string[] }> = {
  ui: { refused: ['../api.ts', '../normal/pager.tsx', '../stream/index.ts'], accepted: ['../log.ts', './glyph.tsx'] },
  normal: {
    refused: ['../stream/index.ts', '../app.tsx'],
    accepted: ['../ui/index.ts', '../api.ts', '../session.tsx'],
  },
  'stream/logic': {
    refused: ['../state/viewer.ts', '../list/log-list.tsx', '../../api.ts', 'react', '@innovaccer/design-system'],
    accepted: ['./row.ts', '../../log.ts', '@datashop/sse-client'],
  },
  'stream/state': {
    refused: ['../list/log-list.tsx', '../bar/footer.tsx', '../stream-mode.tsx', '../../normal/filters.ts'],
    accepted: ['../logic/row.ts', '../../api.ts', '../../ui/index.ts', 'react'],
  },
  'stream/list': {
    refused: ['../bar/footer.tsx', '../index.ts', '../../normal/filters.ts', '../../app.tsx'],
    accepted: ['../state/context.tsx', '../logic/row.ts', '../../address.ts'],
  },
  'stream/bar': {
    refused: ['../list/log-list.tsx', '../index.ts', '../../normal/filters.ts', '../../app.tsx'],
    accepted: ['../state/context.tsx', '../logic/row.ts', '../../api.ts'],
  },
  stream: {
    refused: ['../normal/filters.ts', '../app.tsx', '../session.tsx'],
    accepted: ['./list/log-list.tsx', './bar/footer.tsx', '../address.ts', '../ui/index.ts'],
  },
};

describe('import order of the log viewer', () => {
  let copy: string;
  /** Path of each sample file with an import that lint refused. */
  let refused: Set<string>;

  before('lint samples with the real configuration', async () => {
    copy = await mkdtemp(join(tmpdir(), 'datashop-lint-'));
    for (const config of ['biome.json', 'examples/datashop/biome.json']) {
      await mkdir(dirname(join(copy, config)), { recursive: true });
      await cp(join(repository, config), join(copy, config));
    }
    for (const [folder, { refused, accepted }] of Object.entries(rules)) {
      await mkdir(join(copy, samplePath(folder, 0), '..'), { recursive: true });
      for (const [index, specifier] of [...refused, ...accepted].entries()) {
        await writeFile(join(copy, samplePath(folder, index)), `export { sample } from '${specifier}';\n`);
      }
    }
    const diagnostics = await lint(copy);
    refused = new Set(diagnostics.map(({ location }) => location.path.replaceAll('\\', '/').replace(/^\.\//, '')));
  });

  after(() => rm(copy, { recursive: true, force: true }));

  for (const [folder, { refused: expected, accepted }] of Object.entries(rules)) {
    it(`lint refuses imports against the module order in web/src/${folder}, and accepts the others`, () => {
      const all = [...expected, ...accepted];
      expect(all.filter((_, index) => refused.has(samplePath(folder, index)))).to.deep.equal(expected);
    });
  }
});

const samplePath = (folder: string, index: number) => `examples/datashop/web/src/${folder}/sample-${index}.ts`;

interface Diagnostic {
  location: { path: string };
}

function lint(directory: string): Promise<Diagnostic[]> {
  const args = [
    'lint',
    '--vcs-enabled=false',
    '--only=style/noRestrictedImports',
    '--reporter=json',
    '--max-diagnostics=none',
  ];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [biome, ...args], { cwd: directory }, (error, stdout, stderr) => {
      try {
        resolve((JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics);
      } catch (cause) {
        reject(new Error(`biome did not report its diagnostics: ${error?.message}\n${stderr}`, { cause }));
      }
    });
  });
}
