import { parseArgs } from 'node:util';
import { servers } from './catalogue.ts';
import { fleetWorkloads } from './fleet.ts';
import { workloads } from './workloads.ts';

/** The parsed command line. */
export interface Options {
  readonly help: boolean;
  readonly workloads: readonly string[];
  /** undefined: all servers of each workload. */
  readonly servers: readonly string[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly write: boolean;
}

/** The command line is wrong; the message says why. */
export class WrongArguments extends Error {}

export const help = `npm run bench -- [options]

Measures sse-proxy side by side with what one could use instead.

  --workload a,b   only these: ${workloads.map(({ name }) => name).join(' ')}
  --server x,y     only these: ${[...servers.keys()].join(' ')}
  --rounds n       rounds; servers take turns in each (default 3, quick 1)
  --seconds n      measured time of a round (default 6, quick 2)
  --quick          fewer browsers, one short round: shows that everything works, proves nothing
  --json file      writes all figures to a file
  --write          writes docs/performance.md, docs/performance.svg, and the tables in docs/capacity.md and
                   docs/several-instances.md; with --workload ${fleetWorkloads.join()} only those of several processes
  --help           this text

Workloads:
${workloads.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join('\n')}
`;

/** @throws WrongArguments */
export function readArguments(args: readonly string[]): Options {
  const { values } = parse(args);
  const quick = values.quick ?? false;
  const asked = names(
    '--workload',
    values.workload,
    workloads.map(({ name }) => name),
  );
  const wanted = names('--server', values.server, [...servers.keys()]);
  const chosen = workloads.filter(({ name }) => asked === undefined || asked.includes(name));
  for (const { name, servers: taking } of wanted ? chosen : []) {
    if (asked && !taking.some((server) => wanted?.includes(server))) {
      throw new WrongArguments(
        `--server: none of ${wanted?.join(', ')} takes part in ${name}; these do: ${taking.join(', ')}`,
      );
    }
  }
  for (const server of wanted ?? []) {
    if (chosen.some(({ servers: taking }) => taking.includes(server))) continue;
    const workloadNames = workloads.filter(({ servers: taking }) => taking.includes(server)).map(({ name }) => name);
    throw new WrongArguments(
      `--server: ${server} takes part in none of the workloads asked for; it does in: ${workloadNames.join(', ') || 'none'}`,
    );
  }
  const write = values.write ?? false;
  const isFleet = asked?.toSorted().join() === fleetWorkloads.join();
  if (write && ((asked && !isFleet) || wanted)) {
    throw new WrongArguments(
      `--write: the documents show all workloads and servers, so it goes with neither --server nor --workload, except ${fleetWorkloads.join()}`,
    );
  }
  return {
    help: values.help ?? false,
    workloads: chosen.map(({ name }) => name),
    servers: wanted,
    rounds: positive('--rounds', values.rounds, quick ? 1 : 3, 100, true),
    seconds: positive('--seconds', values.seconds, quick ? 2 : 6, 600, false),
    quick,
    json: values.json,
    write,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: flag,
        workload: text,
        server: text,
        rounds: text,
        seconds: text,
        quick: flag,
        json: text,
        write: flag,
      },
    });
  } catch (cause) {
    throw new WrongArguments((cause as Error).message, { cause });
  }
}

function names(option: string, value: string | undefined, known: readonly string[]): string[] | undefined {
  const given = value?.split(',').map((name) => name.trim());
  for (const name of given ?? []) {
    if (!known.includes(name)) {
      throw new WrongArguments(`${option}: there is no ${JSON.stringify(name)}; known are ${known.join(', ')}`);
    }
  }
  return given;
}

function positive(option: string, value: string | undefined, fallback: number, most: number, whole: boolean): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (number > 0 && number <= most && (!whole || Number.isInteger(number))) return number;
  throw new WrongArguments(
    `${option}: expected a ${whole ? 'whole number' : 'number'} from ${whole ? 1 : 'above 0'} to ${most}, not ${JSON.stringify(value)}`,
  );
}
