import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { root, run } from '../packages/support/run.ts';
import { skip } from '../support/needs.ts';

/**
 * Stands for npm, which takes a minute and a download: links what is installed here. `npm run test:fresh` runs the real
 * `npm ci` on an empty machine.
 */
const linkingNpm = `#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
cp -al "$INSTALLED/node_modules" . 2> /dev/null || { rm -rf node_modules; cp -R "$INSTALLED/node_modules" .; }
rm -f node_modules/.setup-stamp
`;

const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node;

describe('set-up', () => {
  it('npm test runs on the pinned Node', function () {
    if (process.env.npm_lifecycle_event !== 'test')
      skip(this, 'mocha was not started by npm test, so it may run on another Node');
    expect(process.version).to.equal(`v${pinned}`);
  });

  describe('of a fresh clone', () => {
    let folder: string;
    let clone: string;
    before(function () {
      if (process.platform === 'win32') skip(this, 'the script that stands for npm needs a POSIX shell');
      if (!existsSync(join(root, '.git'))) skip(this, 'needs a git checkout, to clone it');
      folder = mkdtempSync(join(tmpdir(), 'datashop-setup-'));
      clone = join(folder, 'clone');
      for (const made of [clone, join(folder, 'bin')]) mkdirSync(made);
      writeFileSync(join(folder, 'bin', 'npm'), linkingNpm, { mode: 0o755 });
    });
    after(() => {
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    it('set-up of a fresh clone installs and builds once, then has nothing to do', async function () {
      // Compiles all packages and the log viewer.
      this.timeout(600_000);
      await run(clone, 'git', 'clone', '--quiet', root, '.');
      const env = [`PATH=${join(folder, 'bin')}${delimiter}${process.env.PATH}`, `INSTALLED=${root}`];
      const setup = () => run(clone, 'env', ...env, process.execPath, 'scripts/setup.mjs');
      const changedAt = (file: string) => statSync(join(clone, file)).mtimeMs;
      const made = [
        'node_modules/.setup-stamp',
        'node_modules/.package-lock.json',
        'packages/sse-proxy/dist/esm/index.js',
        'packages/sse-proxy/dist/cjs/index.js',
        'packages/log-stream/dist/index.js',
        'packages/sse-client/dist/index.js',
        'examples/datashop/dist/index.html',
      ];

      const output = await setup();
      expect(output).to.include('installing dependencies');
      expect(output).to.include('building the log viewer');
      const first = made.map(changedAt);
      const node = join(clone, 'node_modules/.bin/node');
      expect((await run(clone, node, '--version')).trim()).to.equal(`v${pinned}`);
      for (const load of [
        "await import('@datashop/sse-proxy')",
        "process.getBuiltinModule('module').createRequire(process.cwd() + '/')('@datashop/sse-proxy')",
      ]) {
        const code = `console.log(typeof (${load}).sseProxy)`;
        expect(await run(clone, node, '--input-type=module', '--eval', code)).to.equal('function\n');
      }
      expect(await run(clone, 'git', 'status', '--porcelain'), 'files that git would see').to.equal('');

      expect(await setup()).to.equal('');
      expect(readFileSync(join(folder, 'bin', 'calls'), 'utf8')).to.match(/^ci --include=dev .*\n$/);
      expect(made.map(changedAt)).to.deep.equal(first);

      appendFileSync(join(clone, 'examples/datashop/web/src/main.tsx'), '// changed\n');
      expect(await setup()).to.equal('setup: building the log viewer (once, a few seconds)\n');
    });
  });
});
