import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findExecutable } from '../../../scripts/needs.mjs';
import { needs } from '../../../test/support/needs.ts';
import { bffVariables, closingMs, deployed, logServiceVariables } from './support/files.ts';

/** Of 10: what systemd thinks that a unit exposes. It calls less than 2 "OK". */
const mostExposed = 2;

const units = [
  {
    file: 'datashop-bff@.service',
    program: 'examples/datashop/src/bff/main.ts',
    variables: bffVariables,
    closing: closingMs.bff,
  },
  {
    file: 'datashop-log-service.service',
    program: 'packages/log-stream/dist/program/main.js',
    variables: logServiceVariables,
    closing: closingMs.logService,
  },
];

for (const { file, program, variables, closing } of units) {
  describe(`the unit ${file}`, () => {
    const text = readFileSync(deployed(`systemd/${file}`), 'utf8');
    const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
    const environment = Object.fromEntries(
      value('Environment')
        .split(' ')
        .map((pair) => pair.split('=')),
    );

    it(`the unit ${file} starts what the image starts, with variables that the program reads`, () => {
      expect(value('ExecStart')).to.equal(`/usr/bin/node ${program}`);
      expect(readFileSync(deployed('docker/Dockerfile'), 'utf8')).to.include(`CMD ["node", "${program}"]`);
      const foreign = Object.keys(environment).filter((name) => name !== 'NODE_ENV' && !variables().has(name));
      expect(foreign).to.deep.equal([]);
    });

    it(`the unit ${file} gives the program longer to stop than its drain and its last responses take`, () => {
      expect(value('KillSignal')).to.equal('SIGTERM');
      const neededMs = Number(environment.DRAIN_GRACE_MS ?? 0) + closing;
      expect(Number(value('TimeoutStopSec')) * 1_000).to.be.greaterThan(neededMs + 5_000);
    });

    describe('to systemd-analyze', () => {
      needs('systemd');

      it(`systemd-analyze finds the unit ${file} correct, and little exposed`, () => {
        const analyze = findExecutable('systemd-analyze') ?? '';
        const folder = mkdtempSync(join(tmpdir(), 'datashop-units-'));
        try {
          const path = join(folder, file.replace('@', '@3001'));
          cpSync(deployed(`systemd/${file}`), path);
          // `verify` looks for the program, which is wherever this machine has it.
          writeFileSync(path, text.replace('/usr/bin/node', process.execPath));
          const verified = spawnSync(analyze, ['verify', '--man=no', path], { encoding: 'utf8' });
          expect(
            `${verified.stderr}${verified.stdout}`.split('\n').filter((line) => line.includes(folder)),
          ).to.deep.equal([]);
          expect(verified.status).to.equal(0);
          const { stdout } = spawnSync(analyze, ['security', '--offline=true', '--no-pager', path], {
            encoding: 'utf8',
          });
          expect(Number(/exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])).to.be.below(mostExposed);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      });
    });
  });
}
