// Report on what it saves and costs to compress a shared event once for all browsers: node test/bench/compression.ts
// On a busy machine the numbers of bytes and the ratios are more reliable than the CPU times.
import { logEvents } from './compression/log-events.ts';
import { check, unitsOf, type Way, ways } from './compression/ways.ts';
import { cpuUs, writing } from './compression/writing.ts';
import { median } from './stats.ts';
import { short, table } from './tables.ts';

const EVENTS = 2_000;
const REPETITIONS = 5;
const WRITE_SIZES = [70, 110, 300];

const help = `node test/bench/compression.ts takes no arguments and under 40 s. It prints what log events weigh and \
cost when they are compressed once for all browsers, one or five to a flush, next to a gzip stream for every browser, \
and then what writing to a socket costs by size: what is saved on the way out has to pay for the compression.
`;

const bytesOf = (parts: readonly Buffer[]) => parts.reduce((sum, { length }) => sum + length, 0);

async function measured(way: Way, units: readonly Buffer[]): Promise<string[]> {
  const costs: number[] = [];
  let sent: Buffer[] = [];
  for (let n = 0; n < REPETITIONS; n++) {
    costs.push(
      await cpuUs(async () => {
        sent = await way.compress(units);
      }),
    );
    await check(way, units, sent);
  }
  const bytes = bytesOf(sent);
  return [short(bytes / EVENTS), (bytes / bytesOf(units)).toFixed(2), short(median(costs) / EVENTS)];
}

async function compressionTable(): Promise<string> {
  const events = logEvents(EVENTS);
  const head = [1, 5].flatMap((perFlush) => [`${perFlush} a flush: bytes per event`, '× plain', 'CPU µs per event']);
  const plain = short(bytesOf(events) / EVENTS);
  const uncompressed = [plain, '1.00', '–'];
  const rows = [
    ['', ...head],
    ['plain', ...uncompressed, ...uncompressed],
  ];
  for (const way of ways) {
    const cells = [await measured(way, unitsOf(events, 1)), await measured(way, unitsOf(events, 5))];
    rows.push([way.name, ...cells.flat()]);
  }
  return table(rows);
}

async function writingTable(): Promise<string> {
  const costs = await writing(WRITE_SIZES, 500, 15);
  const full = WRITE_SIZES.length - 1;
  const rows = WRITE_SIZES.map((size, at) => {
    const ratios = costs.map((round) => (round[at] ?? Number.NaN) / (round[full] ?? Number.NaN));
    return [String(size), short(median(costs.map((round) => round[at] ?? Number.NaN))), median(ratios).toFixed(2)];
  });
  return table([['bytes written', 'CPU µs per write', `× ${WRITE_SIZES[full]} bytes`], ...rows]);
}

async function main(args: readonly string[]): Promise<void> {
  if (args.length === 1 && args[0] === '--help') return void process.stdout.write(help);
  if (args.length > 0) {
    console.error(`compression: expected no arguments, or only --help, got ${JSON.stringify(args.join(' '))}`);
    process.exitCode = 2;
    return;
  }
  const tables = [await compressionTable(), await writingTable()];
  console.log(tables.join('\n\n'));
}

if (import.meta.main) await main(process.argv.slice(2));
