import { figure, find, type Report } from './results.ts';
import type { Metric } from './rounds/figures.ts';
import { table } from './tables.ts';

/** Share of a core's time that is planned for; the rest is a reserve for bursts. */
const usableShare = 0.6;
const kbPerGb = 1_048_576;
/** Kernel memory of an idle TCP socket on Linux, in KB. It belongs to no process. */
const kernelKb = 5;
/** Connections from one address to one upstream address, with Linux' default range of ports. */
const ephemeralPorts = 28_000;

const modes = [
  { name: 'dedicated', server: 'ours', sockets: 2, ports: ephemeralPorts },
  { name: 'shared', server: 'ours-shared', sockets: 1, ports: Number.POSITIVE_INFINITY },
] as const;
type Mode = (typeof modes)[number];

function measured(report: Report, { server, sockets }: Mode) {
  const value = (workload: string, metric: Metric) => figure(find(report, workload, server), metric)?.median;
  const processKb = value('idle', 'kb');
  return {
    kb: processKb === undefined ? undefined : processKb + sockets * kernelKb,
    eventUs: value('fan', 'cpuUs'),
    connectUs: value('connect', 'connectCpuUs'),
  };
}

/** Rounds down to two digits, because the estimate is not more exact. */
function thousands(value: number): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return (Math.floor(value / step) * step).toLocaleString('en');
}

const unknown = '–';

/** Number of browsers that one core and one gigabyte can serve. */
function unitTable(report: Report): string {
  const rows = modes.map((mode) => {
    const { kb, eventUs, connectUs } = measured(report, mode);
    const perSecond = (us: number | undefined) => (us === undefined ? unknown : thousands((1e6 * usableShare) / us));
    return [
      mode.name,
      kb === undefined ? unknown : kb.toFixed(0),
      kb === undefined ? unknown : thousands(kbPerGb / kb),
      eventUs?.toFixed(1) ?? unknown,
      perSecond(eventUs),
      connectUs?.toFixed(0) ?? unknown,
      perSecond(connectUs),
    ];
  });
  const head = ['mode', 'KB per browser', 'browsers per GB', 'CPU µs per event', 'events/s per core'];
  return table([[...head, 'CPU µs per connect', 'connects/s per core'], ...rows]);
}

/** Number of instances with one core and one gigabyte that many browsers need. */
function instanceTable(report: Report): string {
  const rows = modes.flatMap((mode) => {
    const { kb, eventUs } = measured(report, mode);
    return [0.1, 1, 10].map((rate) => {
      const line = [mode.name, String(rate)];
      if (kb === undefined || eventUs === undefined) return [...line, unknown, unknown, unknown, unknown];
      const bounds = { CPU: (1e6 * usableShare) / eventUs / rate, memory: kbPerGb / kb, ports: mode.ports };
      const [[bound, most]] = Object.entries(bounds).sort(([, left], [, right]) => left - right) as [[string, number]];
      const instances = (browsers: number) => Math.ceil(browsers / most).toLocaleString('en');
      return [...line, thousands(most), bound, instances(100_000), instances(1_000_000)];
    });
  });
  return table([
    ['mode', 'events/s per browser', 'browsers per instance', 'bound', 'for 100,000', 'for 1,000,000'],
    ...rows,
  ]);
}

/** The generated part of docs/capacity.md. */
export function capacityTable(report: Report): string {
  const { machine, date, quick } = report;
  const source = `Measured on ${machine.cpu}, Node ${machine.node}, ${date}${quick ? ' (a quick run: not to be relied on)' : ''}.`;
  const terms = `Of each core, ${usableShare * 100} % of its time is planned for; KB include ${kernelKb} KB of kernel memory for each socket.`;
  return [
    `${source} ${terms}`,
    unitTable(report),
    'Number of instances, each with one core and 1 GB for browsers, by the events that each browser gets:',
    instanceTable(report),
  ].join('\n\n');
}
