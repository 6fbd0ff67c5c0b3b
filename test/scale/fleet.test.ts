import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { drawChart } from './fleet/chart.ts';
import type { FleetReport } from './fleet/run.ts';
import { isExact, table } from './fleet/table.ts';

const script = fileURLToPath(new URL('./fleet/main.ts', import.meta.url));
const step = { recoveredMs: 1_250, cuts: 7, longestPauseMs: 900, mostUpstream: 2, upstreamConnections: 1 };
const report: FleetReport = {
  browsers: 30,
  instances: 3,
  eventsPerSecond: 20,
  graceMs: 3_000,
  sent: 100,
  delivered: 3_000,
  lost: 0,
  doubled: 0,
  reordered: 0,
  mangled: 0,
  gaps: 0,
  refusals: 0,
  reconnects: 7,
  upstreamConnections: 1,
  drainSpreadMs: 2_000,
  steps: [
    { ...step, what: 'Redis is killed', atMs: 1_000 },
    { ...step, what: 'Redis < starts again', atMs: 4_000 },
  ],
  samples: [0, 2_000, 6_000].map((atMs) => ({ atMs, open: 30, upstreamConnections: atMs === 2_000 ? undefined : 1 })),
};

describe('the report of npm run scale', () => {
  it('npm run scale prints one line for each step, in seconds', () => {
    expect(table(report).split('\n').slice(2)).to.deep.equal([
      '| Redis is killed | 1.0 | 1.3 | 7 | 0.9 | 2 | 1 |',
      '| Redis < starts again | 4.0 | 1.3 | 7 | 0.9 | 2 | 1 |',
    ]);
  });

  it('npm run scale draws a picture that is well-formed, with a number for each step', () => {
    const picture = drawChart(report);
    expect(picture)
      .to.match(/^<svg .*<\/svg>\n$/s)
      .and.include('2  Redis &#60; starts again');
    expect(picture.match(/class="mark"/g)).to.have.length(2);
    expect(picture).to.not.match(/NaN|undefined|Infinity/);
  });

  for (const [what, changed] of [
    ['a lost event', { lost: 1 }],
    ['a repeated event', { doubled: 1 }],
    ['a gap', { gaps: 1 }],
    ['a second upstream connection at the end', { upstreamConnections: 2 }],
  ] as const) {
    it(`npm run scale fails after ${what}`, () => {
      expect([isExact(report), isExact({ ...report, ...changed })]).to.deep.equal([true, false]);
    });
  }

  it('npm run scale names a wrong argument and what was expected', async () => {
    const result = await promisify(execFile)(process.execPath, [script, '--browsers=0']).catch((error) => error);
    expect(result.code).to.equal(1);
    expect(result.stderr).to.equal('scale: expected --json, --write or --browsers=1 to 9999, got --browsers=0\n');
  });
});
