import { expect } from 'chai';
import type { LogDocument, LogFilter, LogLevel, LogVolume } from '../../src/index.ts';
import { log } from '../support/service.ts';
import { resumed } from './follower.ts';
import type { Stage } from './stage.ts';

const wf: LogFilter = { workspaceID: 'ws', workflowID: 'wf' };
const begin = Date.UTC(2026, 0, 15, 12);
const levels: readonly LogLevel[] = ['INFO', 'WARN', 'ERROR'];

/** One log each ten seconds, of two runs and two stages. */
const stored = Array.from({ length: 24 }, (_, n) =>
  log(`Row ${n} ${n % 5 === 0 ? 'REJECTED' : 'read'}`, {
    logLevel: levels[n % 3],
    stageName: n % 2 === 0 ? 'LOAD' : 'LOAD_ALL',
    execID: n < 12 ? '41' : 'run-42',
    timestamp: begin + n * 10_000,
  }),
);

const filters: readonly LogFilter[] = [
  {},
  { stageName: 'LOAD' },
  { stageName: 'load' },
  { execID: '41' },
  { execID: '4' },
  { execID: 'run-42', stageName: 'LOAD_ALL', levels: ['ERROR'] },
  { exclude: ['rejected'] },
  { exclude: ['Rejected', 'row 1', '%'], search: 'row', fromMs: begin + 20_000, toMs: begin + 200_000 },
];

function isWanted({ logLevel, message, stageName, meta }: LogDocument, filter: LogFilter): boolean {
  const text = `${message} ${stageName}`.toLowerCase();
  return (
    (filter.levels?.includes(logLevel) ?? true) &&
    (filter.stageName === undefined || filter.stageName === stageName) &&
    (filter.execID === undefined || filter.execID === meta.execID) &&
    (filter.fromMs ?? 0) <= meta.timestamp &&
    meta.timestamp < (filter.toMs ?? Number.POSITIVE_INFINITY) &&
    text.includes(filter.search ?? '') &&
    !filter.exclude?.some((each) => text.includes(each.toLowerCase()))
  );
}

/** What a volume should be, counted from the logs that it says it covers. */
function countsOf(logs: readonly LogDocument[], { fromMs, bucketMs, counts }: LogVolume) {
  const wanted: Record<string, number[]> = {};
  for (const level of Object.keys(counts)) wanted[level] = counts.INFO.map(() => 0);
  for (const { logLevel, meta } of logs) wanted[logLevel]![Math.floor((meta.timestamp - fromMs) / bucketMs)]! += 1;
  return wanted;
}

export async function selections(stage: Stage): Promise<void> {
  const store = await stage.open();
  await stage.write([...stored, log('theirs', { workflowID: 'other', stageName: 'LOAD', execID: '41' })]);
  for (const filter of filters) {
    const what = JSON.stringify(filter);
    const selected = { ...wf, ...filter };
    const wanted = stored.filter((each) => isWanted(each, filter));
    const messages = wanted.map(({ message }) => message);
    const page = await store.query({ filter: selected, order: 'asc', limit: 50 });
    expect([page.logs.map((entry) => entry.log?.message), page.total], what).to.deep.equal([messages, wanted.length]);
    const follower = await resumed(store, selected, '');
    while (await follower.read());
    expect(follower.messages, what).to.deep.equal(messages);

    const volume = await store.volume({ filter: selected, buckets: 10 });
    expect(volume.counts, what).to.deep.equal(countsOf(wanted, volume));
    expect(volume.counts.INFO.length, what).to.be.within(wanted.length > 0 ? 1 : 0, 10);
    if (filter.fromMs !== undefined) expect(volume).to.include({ fromMs: begin, bucketMs: 30_000 });
  }
}
