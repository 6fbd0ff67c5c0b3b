import cluster, { type Worker } from 'node:cluster';
import { availableParallelism } from 'node:os';
import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';

const { UPSTREAM = 'http://localhost:4000/logs/stream', PORT = '3000', WORKERS = availableParallelism() } = process.env;
const workers = Number(WORKERS);
/** Streams of all workers together. */
const total = 10_000;

if (cluster.isPrimary) superviseWorkers();
else serve();

/** Starts the workers, which share the port. Replaces one that dies; its browsers return to another one meanwhile. */
function superviseWorkers(): void {
  // Workers accept connections themselves. By default the primary hands connections over, and one that is on its way to
  // a worker when that is killed stays open without a response for ever.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  const listening = new Set<Worker>();
  let isStopping = false;
  cluster.on('listening', (worker) => listening.add(worker));
  cluster.on('exit', (worker, _code, signal) => {
    if (isStopping) return;
    // A worker that can't even listen would be replaced for ever.
    if (!listening.delete(worker) && !signal) process.exit(1);
    cluster.fork();
  });
  process.on('SIGTERM', () => {
    isStopping = true;
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
  });
  for (let n = 0; n < workers; n++) cluster.fork();
}

function serve(): void {
  const stream = sseProxy({ target: UPSTREAM, share: true, limits: { total: Math.ceil(total / workers) } });
  const app = express();
  app.get('/sse/logs/stream', stream);
  const server = app.listen(Number(PORT), (error) => {
    if (error) throw error;
    console.log('worker %d: port %d', process.pid, (server.address() as { port: number }).port);
  });
  process.on('SIGTERM', async () => {
    // Stop listening first, so that returning browsers reach other workers. Open streams are ended over five seconds.
    server.close(() => process.exit());
    await stream.close({ graceMs: 5_000 });
  });
}
