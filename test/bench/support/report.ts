import type { Report, Result } from '../results.ts';
import type { Figures } from '../rounds/figures.ts';
import { loadOf, workloads } from '../workloads.ts';

/** Figures of every server in every workload, unless a test changes them. */
export const everyone: Figures = {
  cpuUs: 20,
  heartbeatCpuUs: 8,
  connectCpuUs: 300,
  p50Us: 400,
  p99Us: 900,
  kb: 30,
  tookMs: 2_000,
  openP50Ms: 40,
  openP99Ms: 90,
  replayedMs: 700,
  blockMs: 50,
  turnCpuMs: 40,
  earlyMs: 1,
  lateMs: 1,
};

/** A report of made-up figures, two rounds each. `adjust` overrides figures of one server in one workload. */
export function madeUpReport(adjust: (workload: string, server: string) => Figures = () => ({})): Report {
  const results = workloads.flatMap(({ name, shapes, servers }) =>
    shapes.flatMap((shape) =>
      servers.map((server): Result => {
        const { browsers } = shape;
        const figures = { ...everyone, ...adjust(name, server) };
        const load = loadOf(shape);
        return { workload: name, server, wanted: browsers, load, browsers, rounds: [{ figures }, { figures }] };
      }),
    ),
  );
  const machine = {
    cpu: 'a <fast> CPU',
    cores: 2,
    memoryGb: 8,
    system: 'Linux 6 x64',
    node: 'v26.0.0',
    descriptors: 20_000,
  };
  return { date: '2026-01-01', machine, versions: {}, rounds: 2, seconds: 1, quick: false, notes: [], results };
}
