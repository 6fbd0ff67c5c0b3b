import { figure, find, type Report } from './results.ts';
import type { Metric } from './rounds/figures.ts';
import { table } from './tables.ts';

/** One core that is busy for this share of the time still has room for a bad moment. */
const usableShare = 0.6;
const kbPerGb = 1_048_576;

const thousands = (value: number) => Math.round(value).toLocaleString('en');

/** A figure rounded down to two digits: a promise should not look more exact than it is. */
function roundDown(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.floor(value / step) * step;
}

/** What one core and one gigabyte carry, in both modes. */
export function capacityTable(report: Report): string {
  const rows = (['ours', 'ours-shared'] as const).map((server) => {
    const value = (workload: string, metric: Metric) => figure(find(report, workload, server), metric)?.median;
    const kb = value('idle', 'kb');
    const event = value('fan', 'cpuUs');
    const connect = value('connect', 'connectCpuUs');
    const show = (given: number | undefined, derived: (value: number) => number) =>
      given === undefined ? '–' : thousands(roundDown(derived(given)));
    return [
      server === 'ours' ? 'dedicated' : 'shared',
      kb === undefined ? '–' : kb.toFixed(0),
      show(kb, (each) => kbPerGb / each),
      event === undefined ? '–' : event.toFixed(1),
      show(event, (each) => (1e6 * usableShare) / each),
      connect === undefined ? '–' : thousands(connect),
      show(connect, (each) => (1e6 * usableShare) / each),
    ];
  });
  const head = [
    'mode',
    'KB per idle browser',
    'browsers per GB',
    'CPU µs per delivered event',
    'events/s per core',
    'CPU µs per connect',
    'connects/s per core',
  ];
  const { machine, date, quick } = report;
  const source = `${machine.cpu}, Node ${machine.node}, ${date}${quick ? ' (a quick run: not to be relied on)' : ''}`;
  return `${table([head, ...rows])}\n\nMeasured on ${source}; a core is counted at ${usableShare * 100} % of its time.`;
}
