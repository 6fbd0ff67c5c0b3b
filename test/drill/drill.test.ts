import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { needs } from '../support/needs.ts';
import type { DrillReport, StepResult } from './run.ts';
import { isSound, table } from './table.ts';

const script = fileURLToPath(new URL('./main.ts', import.meta.url));

/** After this time, the script gets SIGTERM, and ends the processes that it has started. */
const timeoutMs = 250_000;

async function drill(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const run = promisify(execFile)(process.execPath, [script, ...args], { timeout: timeoutMs });
  return run.then((output) => ({ code: 0, ...output })).catch((error) => error);
}

const step: StepResult = {
  what: 'Redis: killed',
  lost: 0,
  unannounced: 0,
  repeated: 0,
  repeatedInClient: 0,
  wrong: 0,
  gaps: {},
  cuts: 7,
  longestPauseMs: 900,
  liveMs: 1_250,
};

const reportOf = (changed: Partial<StepResult>): DrillReport => ({
  browsers: 6,
  instances: 3,
  eventsPerSecond: 20,
  sent: 100,
  delivered: 600,
  steps: [{ ...step, ...changed }],
});

describe('the report of npm run drill', () => {
  const row = (changed: Partial<StepResult>) => table(reportOf(changed)).split('\n')[2];

  it('npm run drill prints one line for each step, in seconds', () => {
    expect(row({})).to.equal('| Redis: killed | 0 | 0 | 0 | 7 | 0.9 | 1.3 |');
    expect(
      row({ lost: 3, unannounced: 1, repeated: 4, repeatedInClient: 2, gaps: { unmatched: 4, 'no-ids': 1 } }),
    ).to.equal(
      '| Redis: killed | 3, 1 without a gap | 4, 2 with sse-client | 5: 4 unmatched, 1 no-ids | 7 | 0.9 | 1.3 |',
    );
  });

  it('npm run drill accepts what a gap announces, and nothing else', () => {
    expect(isSound(reportOf({}))).to.equal(true);
    expect(isSound(reportOf({ lost: 2, repeated: 9, gaps: { unmatched: 6 } }))).to.equal(true);
    expect(isSound(reportOf({ lost: 2, unannounced: 1, gaps: { unmatched: 6 } }))).to.equal(false);
    expect(isSound(reportOf({ repeated: 9 }))).to.equal(false);
    expect(isSound(reportOf({ wrong: 1 }))).to.equal(false);
  });

  it('npm run drill names a wrong argument and what was expected', async () => {
    expect(await drill('--browsers=0')).to.include({
      code: 1,
      stderr: 'drill: --browsers: expected 1 to 900, got 0\n',
    });
    const { code, stderr } = await drill('--only=redis,moon');
    expect(code).to.equal(1);
    expect(stderr).to.match(/^drill: --only: expected some of bff, log-service, .*, got moon\n$/);
  });
});

describe('npm run drill', () => {
  needs('redis');
  needs('nginx');

  it('npm run drill kills and reloads nginx under load, and no browser loses or repeats a log', async function () {
    this.timeout(timeoutMs + 20_000);
    const { code, stdout, stderr } = await drill('--only=nginx', '--browsers=6', '--json');
    expect(code, stderr).to.equal(0);
    const report: DrillReport = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(report.delivered).to.be.greaterThan(0);
    expect(report.steps).to.have.length(2);
    for (const { lost, repeated, wrong, gaps, cuts } of report.steps) {
      expect({ lost, repeated, wrong, gaps }).to.deep.equal({ lost: 0, repeated: 0, wrong: 0, gaps: {} });
      expect(cuts, 'each browser lost its stream').to.be.at.least(6);
    }
  });
});
