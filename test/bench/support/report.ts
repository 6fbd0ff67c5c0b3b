import type { Report, Result } from '../results.ts';
import type { Figures } from '../rounds/figures.ts';
import { workloads } from '../workloads.ts';

/** What every server gets in every workload, unless a test says otherwise. */
export const everyone: Figures = {
  cpuUs: 20,
  heartbeatCpuUs: 8,
  connectCpuUs: 300,
  p50Us: 400,
  p99Us: 900,
  addedP50Us: 100,
  addedP99Us: 300,
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

/** A report of made-up figures, two rounds each; `adjust` changes one server's figures in one workload. */
export function madeUpReport(adjust: (workload: string, server: string) => Figures = () => ({})): Report {
  const results = workloads.flatMap(({ name, shapes, servers }) =>
    shapes.flatMap(({ browsers }) =>
      servers.map((server): Result => {
        const figures = { ...everyone, ...adjust(name, server) };
        return { workload: name, server, wanted: browsers, browsers, rounds: [{ figures }, { figures }] };
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
