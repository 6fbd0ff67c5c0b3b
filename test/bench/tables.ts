import { serverNamed } from './catalogue.ts';
import { figure, type Report, type Result, validity } from './results.ts';
import { type Metric, metrics } from './rounds/figures.ts';
import type { Spread } from './stats.ts';
import { type Workload, workloads } from './workloads.ts';

const columns: Record<Workload['kind'], readonly Metric[]> = {
  events: ['cpuUs', 'p50Us', 'p99Us', 'kb', 'redisCpuPercent', 'redisCommands', 'redisMb'],
  idle: ['kb', 'heartbeatCpuUs'],
  storm: ['replayedMs', 'openP50Ms', 'openP99Ms', 'blockMs', 'turnCpuMs', 'connectCpuUs'],
  logs: ['cpuUs', 'p50Us', 'p99Us', 'kb'],
  connect: ['tookMs', 'openP50Ms', 'openP99Ms', 'earlyMs', 'lateMs', 'connectCpuUs', 'kb'],
};

/** Metrics that are also shown as a multiple of the best library's. */
const compared: ReadonlySet<Metric> = new Set(['cpuUs', 'kb']);

/** Formats a number with about three digits. */
export function short(value: number): string {
  if (Math.abs(value) >= 100) return value.toLocaleString('en', { maximumFractionDigits: 0 });
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** Median, with lowest and highest if the rounds differ. */
function cell(spread: Spread | undefined): string {
  if (!spread) return '–';
  const { median, min, max } = spread;
  return min === max ? short(median) : `${short(median)} (${short(min)}–${short(max)})`;
}

/** A Markdown table with aligned columns, readable as plain text too. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** The lowest median among the libraries of a workload. */
export function bestLibrary(
  results: readonly Result[],
  metric: Metric,
): { server: string; median: number } | undefined {
  let best: { server: string; median: number } | undefined;
  for (const result of results) {
    if (serverNamed(result.server).kind !== 'library') continue;
    const median = figure(result, metric)?.median;
    if (median !== undefined && (!best || median < best.median)) best = { server: result.server, median };
  }
  return best;
}

function labelOf({ server, browsers, wanted }: Result): string {
  const { label } = serverNamed(server);
  return browsers === wanted ? label : `${label} (${browsers.toLocaleString('en')} browsers)`;
}

function oneTable(workload: Workload, results: readonly Result[]): string {
  const shown = columns[workload.kind].filter((metric) => results.some((result) => figure(result, metric)));
  const head = [
    '',
    ...shown.flatMap((metric) => (compared.has(metric) ? [metrics[metric], '× best library'] : [metrics[metric]])),
    'valid',
  ];
  const rows = results.map((result) => {
    const cells = shown.flatMap((metric) => {
      const spread = figure(result, metric);
      if (!compared.has(metric)) return [cell(spread)];
      const best = bestLibrary(results, metric);
      return [cell(spread), spread && best ? (spread.median / best.median).toFixed(2) : '–'];
    });
    return [labelOf(result), ...cells, validity(result)];
  });
  return table([head, ...rows]);
}

/** One row per server, one column per number of browsers. */
function scaleTable(results: readonly Result[]): string {
  const sizes = [...new Set(results.map(({ wanted }) => wanted))];
  const head = ['CPU µs per delivered event, browsers:', ...sizes.map((size) => size.toLocaleString('en')), 'valid'];
  const rows = [...new Set(results.map(({ server }) => server))].map((server) => {
    const own = results.filter((result) => result.server === server);
    const faults = own.map(validity).filter((text) => text !== 'yes');
    return [
      serverNamed(server).label,
      ...own.map((result) => cell(figure(result, 'cpuUs'))),
      faults.join('; ') || 'yes',
    ];
  });
  return table([head, ...rows]);
}

/** One table for each load. */
function loadTables(workload: Workload, results: readonly Result[]): string {
  const loads = Map.groupBy(results, ({ load }) => load);
  return [...loads].map(([load, own]) => `#### ${load}\n\n${oneTable(workload, own)}`).join('\n\n');
}

/** One table for each workload of the run, or for each of its loads. @param level of the headings */
export function workloadTables(report: Report, level = '###'): string {
  const sections = workloads.flatMap((workload) => {
    const results = report.results.filter((result) => result.workload === workload.name);
    if (results.length === 0) return [];
    const counts = [...new Set(results.map(({ wanted }) => wanted))].map((count) => count.toLocaleString('en'));
    const heading = `${level} ${workload.name}: ${workload.title}`;
    if (workload.kind === 'logs') return [`${heading}\n\n${loadTables(workload, results)}`];
    const text = workload.name === 'scale' ? scaleTable(results) : oneTable(workload, results);
    return [`${heading}\n\nBrowsers: ${counts.join(' / ')}.\n\n${text}`];
  });
  return sections.join('\n\n');
}
