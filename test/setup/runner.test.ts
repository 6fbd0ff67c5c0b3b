import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { installCommand, type NeedName, needs } from '../../scripts/needs.mjs';
import { filesByGroup, slowGroups } from '../../scripts/testing/groups.mjs';
import { readResults } from '../../scripts/testing/results.mjs';
import { summarize } from '../../scripts/testing/summary.mjs';
import { root } from '../packages/support/run.ts';

const needsModule = pathToFileURL(join(root, 'test/support/needs.ts')).href;

describe('npm test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'datashop-runner-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs `code` as a test file and summarizes it as the end of `npm test` does. */
  async function summaryOf(code: string, ci: boolean): Promise<{ lines: string[]; ok: boolean }> {
    const file = join(folder, 'some.test.mjs');
    const report = join(folder, 'report.jsonl');
    rmSync(report, { force: true });
    writeFileSync(file, `import { skip } from '${needsModule}';\n${code}`);
    const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
    const args = [mocha, '--no-config', '--reporter', join(root, 'scripts/testing/reporter.mjs'), file];
    const child = spawn(process.execPath, args, { env: { ...process.env, TEST_RESULTS: report }, stdio: 'ignore' });
    const [status] = await once(child, 'close');
    const end = status === 0 ? '' : `exit code ${status}`;
    return summarize([{ ...readResults(report), name: 'some', ms: 1_000, end }], { ci, files: false });
  }

  const skipsNginx = `describe('in front', () => {
      before(function () { skip(this, 'nginx is missing', 'nginx'); });
      it('a', () => {});
      it('b', () => {});
    });
    it('elsewhere', function () { skip(this, 'needs Linux'); });
    it('passes', () => {});`;

  it('npm test runs every test file in exactly one group', () => {
    const files = [...filesByGroup(root).values()].flat();
    const all = globSync('{packages,examples,test}/**/*.test.ts', { cwd: root, exclude: ['**/node_modules/**'] });
    expect(files.toSorted()).to.deep.equal(all.toSorted());
    expect([...filesByGroup(root).keys()]).to.include.members([...slowGroups]);
  });

  it('npm test ends with what was skipped and the command that installs its need', async () => {
    const { lines, ok } = await summaryOf(skipsNginx, false);
    expect(ok).to.equal(true);
    expect(lines.slice(-3)).to.have.members([
      '\n1 passed, 0 failed, 3 skipped',
      `skipped 2 tests: nginx is missing. To run them: ${installCommand('nginx')}`,
      'skipped 1 test: needs Linux',
    ]);
  });

  it('npm test fails with CI=true if an installation would have avoided a skip', async () => {
    expect((await summaryOf(skipsNginx, true)).ok).to.equal(false);
    expect((await summaryOf("it('elsewhere', function () { skip(this, 'needs Linux'); });", true)).ok).to.equal(true);
  });

  /** The end of a run with CI=true, on a platform, in which a need was missing. */
  function summaryWithout(need: NeedName, platform: NodeJS.Platform): { line: string | undefined; ok: boolean } {
    const skips = [{ title: 'a', reason: `${need} is missing`, need }];
    const results = { total: 1, passed: 0, failures: [], skips, suites: [], complete: true };
    const { lines, ok } = summarize([{ ...results, name: 'some', ms: 1, end: '' }], {
      ci: true,
      files: false,
      platform,
    });
    return { line: lines.find((it) => it.startsWith('skipped')), ok };
  }

  for (const need of ['systemd', 'webkit'] as const) {
    it(`npm test names no command and passes with CI=true on macOS if ${need} is missing, which exists for Linux only`, () => {
      expect(summaryWithout(need, 'darwin')).to.deep.equal({ line: `skipped 1 test: ${need} is missing`, ok: true });
    });
  }

  it('npm test fails with CI=true for every need that its platform has, and names the command that installs it', () => {
    for (const platform of ['linux', 'darwin'] as const) {
      for (const need of Object.keys(needs) as NeedName[]) {
        const command = installCommand(need, platform);
        if (command === undefined) continue;
        expect(command).to.match(
          platform === 'darwin' ? /^(brew|python3 -m pip) install / : /^(sudo )?apt-get install -y /,
        );
        const line = `skipped 1 test: ${need} is missing. To run them: ${command}`;
        expect(summaryWithout(need, platform), platform).to.deep.equal({ line, ok: false });
      }
    }
    const linuxOnly = Object.keys(needs).filter((need) => installCommand(need as NeedName, 'darwin') === undefined);
    expect(linuxOnly).to.deep.equal(['systemd', 'webkit']);
  });

  it('npm test fails if a test is skipped without a reason', async () => {
    const { lines, ok } = await summaryOf("it.skip('later', () => {});", false);
    expect(ok).to.equal(false);
    expect(lines.at(-1)).to.include('later');
  });

  it('npm test fails if a process ends before its tests do, or a test fails', async () => {
    const { lines, ok } = await summaryOf("it('ends', () => process.exit(0));", false);
    expect({ ok, line: lines[0] }).to.deep.equal({
      ok: false,
      line: '   1 s  some: 0 passed, 0 failed, 0 skipped, ended early (exit code 0)',
    });
    const failed = await summaryOf("it('is wrong', () => { throw new Error('because'); });", false);
    expect(failed.ok).to.equal(false);
    expect(failed.lines.join('\n')).to.match(/FAILED is wrong\n.*some\.test\.mjs\n {2}Error: because/);
  });
});
