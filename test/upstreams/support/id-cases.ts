import type { Select } from './memory-upstream.ts';

/**
 * What an upstream does, and what one stream through the proxy gets when its connection breaks in the middle. The table
 * in docs/upstreams.md has a row for each case: `condition`, `outcome`, and the reasons of the gaps.
 */
export interface IdCase {
  readonly condition: string;
  readonly outcome: string;
  /** Ids of the logs before the connection breaks. Logs are numbered from 1 through all three lists. */
  readonly before: readonly (string | undefined)[];
  /** Ids of the logs that are written while the proxy is not connected. */
  readonly meanwhile: readonly (string | undefined)[];
  /** Ids of the logs after the proxy has connected again. */
  readonly after: readonly (string | undefined)[];
  /** The logs' numbers, if they don't count from 1. */
  readonly numbers?: readonly number[];
  /** True if the upstream forgets all earlier logs as the connection breaks. */
  readonly forgets?: boolean;
  /** True if the bytes of a log differ from connection to connection. */
  readonly bytesDiffer?: boolean;
  /** What the upstream sends first to a request with a Last-Event-ID. */
  readonly select: Select;
  /** Numbers of the logs that arrive, and reasons of the gaps, in order. */
  readonly received: readonly (number | string)[];
}

const greater: Select = (logs, id) => logs.filter((log) => Number(log.id) > Number(id));
const greaterOrEqual: Select = (logs, id) => logs.filter((log) => Number(log.id) >= Number(id));
const newOnly: Select = () => [];

export const idCases: readonly IdCase[] = [
  {
    condition: 'timestamps are ids and the upstream resumes with `>=`',
    outcome: 'delivers every log once [R35]',
    before: ['100', '101', '101'],
    meanwhile: ['101', '101', '102'],
    after: ['103'],
    select: greaterOrEqual,
    received: [1, 2, 3, 4, 5, 6, 7],
  },
  {
    condition: 'timestamps are ids and the upstream resumes with `>`',
    outcome: 'loses the new logs that share the last timestamp',
    before: ['100', '101', '101'],
    meanwhile: ['101', '101', '102'],
    after: ['103'],
    select: greater,
    received: [1, 2, 3, 6, 7],
  },
  {
    condition: 'a log becomes visible later than a log with a greater id, and the connection breaks between the two',
    outcome: 'loses that log',
    before: ['100', '102'],
    meanwhile: ['101', '103'],
    after: ['104'],
    select: greaterOrEqual,
    received: [1, 2, 4, 5],
  },
  {
    condition: 'a new log has the id and the bytes of the last one, and the upstream sends both',
    outcome: 'delivers both',
    before: ['100'],
    meanwhile: ['100'],
    after: ['101'],
    numbers: [1, 1, 2],
    select: greaterOrEqual,
    received: [1, 1, 2],
  },
  {
    condition: 'a new log has the id and the bytes of the last one, and the upstream sends only the new one',
    outcome: 'treats it as a repeat and drops it [R35]',
    before: ['100'],
    meanwhile: ['100'],
    after: ['101'],
    numbers: [1, 1, 2],
    select: (logs) => logs.slice(1),
    received: [1, 2],
  },
  {
    condition: 'a counter has restarted, below the last id',
    outcome: 'delivers the new logs behind a gap [R31] [row 10]',
    before: ['1', '2', '3'],
    meanwhile: [],
    after: ['1', '2'],
    forgets: true,
    select: greater,
    received: [1, 2, 3, 'ids-restarted', 4, 5],
  },
  {
    condition: 'a counter has restarted and has passed the last id, and the upstream resumes with `>=`',
    outcome: 'delivers the new logs from that id on, behind a gap [R31]',
    before: ['1', '2', '3'],
    meanwhile: ['1', '2', '3', '4'],
    after: ['5'],
    forgets: true,
    select: greaterOrEqual,
    received: [1, 2, 3, 'ids-restarted', 6, 7, 8],
  },
  {
    condition: 'a counter has restarted and has passed the last id, and the upstream resumes with `>`',
    outcome: 'loses the new logs up to that id',
    before: ['1', '2', '3'],
    meanwhile: ['1', '2', '3', '4'],
    after: ['5'],
    forgets: true,
    select: greater,
    received: [1, 2, 3, 7, 8],
  },
  {
    condition: 'no log has an id',
    outcome: 'loses the logs of the outage, behind a gap [R32]',
    before: [undefined, undefined],
    meanwhile: [undefined],
    after: [undefined],
    select: newOnly,
    received: [1, 2, 'no-ids', 4],
  },
  {
    condition: 'some logs have ids, but not the last one before the break',
    outcome: 'reports a gap, though nothing is lost if the upstream resumes',
    before: ['1', undefined],
    meanwhile: ['2'],
    after: ['3'],
    select: greater,
    received: [1, 2, 'no-ids', 3, 4],
  },
  {
    condition: 'a log has other bytes when it is sent again',
    outcome: 'delivers it twice, behind a gap',
    before: ['1', '2'],
    meanwhile: ['3'],
    after: ['4'],
    bytesDiffer: true,
    select: greaterOrEqual,
    received: [1, 2, 'ids-restarted', 2, 3, 4],
  },
  {
    condition: 'the upstream ignores Last-Event-ID and sends new logs only',
    outcome: 'loses the logs of the outage',
    before: ['1', '2'],
    meanwhile: ['3'],
    after: ['4'],
    select: newOnly,
    received: [1, 2, 4],
  },
  {
    condition: 'the upstream has deleted logs that follow the last id, and does not report it',
    outcome: 'loses those logs',
    before: ['1', '2'],
    meanwhile: ['3', '4'],
    after: ['5'],
    select: (logs, id) => greater(logs, id).slice(1),
    received: [1, 2, 4, 5],
  },
];

/** The row of the table in docs/upstreams.md. */
export function rowOf({ condition, outcome, before, meanwhile, after, received }: IdCase): string {
  const gaps = received.filter((entry) => typeof entry === 'string').map((reason) => `\`${reason}\``);
  const isComplete = received.length >= before.length + meanwhile.length + after.length;
  const result = outcome.replaceAll(/ \[.*?\]/g, '');
  return `| ${condition} | ${result} | ${gaps.join(', ') || (isComplete ? 'none' : '**none**')} |`;
}
