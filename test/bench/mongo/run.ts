import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { percentile } from '../stats.ts';
import { cpuMs, rssMb } from './process-figures.ts';
import type { ReadersReport } from './readers.ts';
import { writeLogs } from './writer.ts';

/** How the service learns of new logs: a replica set has change streams, a standalone server has to be polled. */
export type Way = 'change stream' | 'polling';

export interface Load {
  readonly perSecond: number;
  readonly seconds: number;
  readonly listeners: number;
  readonly slow: number;
}

export interface Figures {
  readonly written: number;
  /** Commands that the service has sent, per second of writing. */
  readonly commandsPerSecond: Readonly<Record<string, number>>;
  /** CPU of the service and of the scripted server, in percent of one core. */
  readonly serviceCpu: number;
  readonly mongoCpu: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Resident memory of the service: before the first log, and at most. */
  readonly rssMb: { readonly before: number; readonly most: number };
  /** Seconds after the last log was written until the slow listeners had all of them. */
  readonly catchUpS: number;
  readonly missing: number;
  readonly outOfOrder: number;
  readonly gaps: number;
  readonly ended: number;
}

const collection = 'logs';
const script = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Runs the load once against a service of its own. */
export async function run(way: Way, load: Load): Promise<Figures> {
  const children: ChildProcess[] = [];
  const started = (child: ChildProcess) => {
    children.push(child);
    return child;
  };
  try {
    const standalone = way === 'polling' ? ['--standalone'] : [];
    const program = script('../../../packages/log-stream/test/mongo-server/program.ts');
    const mongo = started(spawn(process.execPath, [program, ...standalone], { stdio: ['ignore', 'pipe', 'inherit'] }));
    const uri = withDatabase(await firstLine(mongo));
    const service = started(fork(script('service.ts'), [uri, collection]));
    const [url] = (await once(service, 'message')) as [string];
    const args = [url, `${load.listeners}`, `${load.slow}`];
    const readers = started(fork(script('readers.ts'), args));
    return await measure({ uri, mongo: mongo.pid ?? 0, service: service.pid ?? 0, readers, load });
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

interface Parts {
  readonly uri: string;
  readonly mongo: number;
  readonly service: number;
  readonly readers: ChildProcess;
  readonly load: Load;
}

async function measure({ uri, mongo, service, readers, load }: Parts): Promise<Figures> {
  let report: ReadersReport | undefined;
  const latencies: number[] = [];
  let most = 0;
  readers.on('message', (message: ReadersReport) => {
    report = message;
    latencies.push(...message.latencies);
    most = Math.max(most, rssMb(service));
  });
  await until(() => report?.opened === load.listeners);
  const before = rssMb(service);
  const client = await new MongoClient(uri).connect();
  const commandsBefore = await commandsOf(client);
  const cpuBefore = { service: cpuMs(service), mongo: cpuMs(mongo) };
  const start = performance.now();
  const written = await writeLogs(uri, collection, load.perSecond, load.seconds);
  const elapsedMs = performance.now() - start;
  const cpu = { service: cpuMs(service) - cpuBefore.service, mongo: cpuMs(mongo) - cpuBefore.mongo };
  const commands = await commandsOf(client);
  const complete = () => report?.received.every((received) => received >= written) || report?.ended;
  await Promise.race([until(complete), once(readers, 'exit')]);
  const catchUpS = (performance.now() - start - elapsedMs) / 1000;
  await client.close();
  const measured = latencies.sort((a, b) => a - b);
  const received = report?.received ?? [];
  return {
    written,
    commandsPerSecond: perSecond(commandsBefore, commands, elapsedMs),
    serviceCpu: (100 * cpu.service) / elapsedMs,
    mongoCpu: (100 * cpu.mongo) / elapsedMs,
    p50Ms: percentile(measured, 0.5),
    p99Ms: percentile(measured, 0.99),
    rssMb: { before, most },
    catchUpS,
    missing: received.reduce((sum, count) => sum + Math.max(0, written - count), 0),
    outOfOrder: report?.outOfOrder ?? 0,
    gaps: report?.gaps ?? 0,
    ended: report?.ended ?? 0,
  };
}

function withDatabase(uri: string): string {
  const url = new URL(uri);
  url.pathname = '/etl';
  return url.href;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = await once(child.stdout!, 'data');
  return String(line).trim();
}

/** Names of the commands that only the service sends while it is measured. */
const ofTheService = ['find', 'getMore', 'aggregate', 'explain', 'listIndexes', 'createIndexes', 'killCursors'];

async function commandsOf(client: MongoClient): Promise<Record<string, number>> {
  const { metrics } = await client.db('admin').command({ serverStatus: 1 });
  return Object.fromEntries(ofTheService.map((name) => [name, Number(metrics.commands[name]?.total ?? 0)]));
}

function perSecond(before: Record<string, number>, after: Record<string, number>, elapsedMs: number) {
  const rates = ofTheService.map((name): [string, number] => {
    return [name, ((after[name]! - before[name]!) * 1000) / elapsedMs];
  });
  return Object.fromEntries(rates.filter(([, rate]) => rate > 0));
}
