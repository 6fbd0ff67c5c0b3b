import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { jobs } from '../src/pipeline/jobs/index.ts';
import type { Job } from '../src/pipeline/jobs/job.ts';
import type { Entry } from '../src/pipeline/journal.ts';
import { run } from '../src/pipeline/run.ts';

describe('the pipeline', () => {
  let reports: string;

  before(async () => {
    reports = await mkdtemp(join(tmpdir(), 'datashop-reports-'));
  });
  after(() => rm(reports, { recursive: true, force: true }));

  async function entriesOf(job: Job): Promise<Entry[]> {
    const entries: Entry[] = [];
    const write = async (...more: Entry[]) => void entries.push(...more);
    await run(job, { write, due: async () => {}, reports });
    return entries;
  }

  const named = (name: string) => jobs.find((job) => job.name === name)!;

  for (const { name } of jobs) {
    it(`runs ${name} through all four stages in order`, async () => {
      const stages = (await entriesOf(named(name))).map(({ stage }) => stage);

      expect([...new Set(stages)]).to.deep.equal(['EXTRACT', 'VALIDATE', 'AGGREGATE', 'REPORT']);
      expect(stages.join()).to.equal([...stages].sort((a, b) => order(a) - order(b)).join());
    });

    it(`writes a report of ${name} whose groups contain every accepted row`, async () => {
      await entriesOf(named(name));
      const report = JSON.parse(await readFile(join(reports, `${name}.json`), 'utf8'));

      expect(report.rejected).to.be.above(0);
      expect(report.groups.reduce((sum: number, group: { rows: number }) => sum + group.rows, 0)).to.equal(report.rows);
    });
  }

  it('logs a warning that names the rejected row and the reason', async () => {
    const warnings = (await entriesOf(named('movies'))).filter(({ level }) => level === 'WARN');

    expect(warnings[0]).to.deep.include({
      message: 'Row 10 rejected: Release Date Dec 31 2046 is later than the data set (2011)',
      description: 'Duel in the Sun',
    });
  });

  it('logs an error with counted reasons for a batch with too many rejects', async () => {
    const [error] = (await entriesOf(named('movies'))).filter(({ level }) => level === 'ERROR');

    expect(error?.message).to.equal('Rows 1–100: 13% rejected, at most 5% allowed');
    expect(error?.description).to.equal('7 × date, 4 × gross, 2 × title');
  });

  it('logs columns with too many missing values', async () => {
    const messages = (await entriesOf(named('earthquakes'))).map(({ message }) => message);

    expect(messages).to.include('Column nst is filled in 68.3% of the rows, 75% wanted');
  });

  it('an aborted run stops at its next pause', async () => {
    const entries: Entry[] = [];
    const stop = new Error('stop');
    const due = async () => {
      throw stop;
    };
    const write = async (...more: Entry[]) => void entries.push(...more);
    const stopped = await run(named('movies'), { write, due, reports }).catch((error) => error);

    expect(stopped).to.equal(stop);
    expect(entries.map(({ stage }) => stage)).to.deep.equal(['EXTRACT', 'EXTRACT']);
  });
});

function order(stage: Entry['stage']): number {
  return ['EXTRACT', 'VALIDATE', 'AGGREGATE', 'REPORT'].indexOf(stage);
}
