import type { Options } from './arguments.ts';
import { type Server, serverNamed } from './catalogue.ts';
import { affordable } from './limits.ts';
import { missingServers } from './machine.ts';
import { type Shape, type Workload, workloads } from './workloads.ts';

/** One server under one load, measured once per round. */
export interface Case {
  readonly workload: Workload;
  /** The load that the workload asks for. */
  readonly shape: Shape;
  /** Number of browsers within this machine's limits. */
  readonly browsers: number;
  readonly server: Server;
}

/** What is measured, and notes on what differs from the workloads. */
export interface Plan {
  readonly cases: readonly Case[];
  readonly notes: readonly string[];
}

export function makePlan(options: Options, descriptors: number): Plan {
  const chosen = workloads.filter(({ name }) => options.workloads.includes(name));
  const missing = missingServers([...new Set(chosen.flatMap(({ servers }) => servers))]);
  const notes = new Set<string>();
  const fewer = new Map<string, Set<string>>();
  const cases: Case[] = [];
  for (const workload of chosen) {
    const names = workload.servers.filter((name) => takesPart(name, options.servers));
    // The direct connection is only there for comparison.
    if (names.length === 0 || (names[0] === 'direct' && names.length === 1 && !options.servers?.includes('direct')))
      continue;
    for (const shape of (options.quick && workload.quickShapes) || workload.shapes) {
      for (const name of names) {
        const why = missing.get(name);
        if (why) notes.add(`${name} is left out: ${why}`);
        if (why) continue;
        const server = serverNamed(name);
        const browsers = affordable(shape.browsers, server.shared || !server.script, descriptors);
        if (browsers < shape.browsers) {
          const what = `${browsers} instead of ${shape.browsers} browsers`;
          fewer.set(what, (fewer.get(what) ?? new Set()).add(name));
        }
        cases.push({ workload, shape, browsers, server });
      }
    }
  }
  for (const [what, names] of fewer)
    notes.add(`${what} for ${[...names].join(', ')}: the limit is ${descriptors} file descriptors (ulimit -Hn)`);
  return { cases, notes: [...notes] };
}

function takesPart(name: string, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || name === 'direct' || wanted.includes(name);
}

/** Estimate of a case's time, in seconds. */
export function guessSeconds({ workload, browsers }: Case, seconds: number): number {
  const connecting = 1 + browsers / 1_500;
  if (workload.atOnce) return connecting + 4 + seconds / workload.servers.length;
  if (workload.kind === 'events' || workload.kind === 'logs') return connecting + 4 + seconds;
  if (workload.kind === 'idle') return connecting + 2 + seconds;
  return 2 * connecting + 4;
}
