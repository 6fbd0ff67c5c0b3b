import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import { until } from './until.ts';

/** A port on which connects neither succeed nor fail. */
export interface Blackhole {
  readonly port: number;
  /** Number of connects to it that hang now, as the kernel reports. */
  readonly connecting: () => number;
  close(): Promise<void>;
}

/** The file in which the kernel lists sockets; undefined on other systems. */
const table = process.platform === 'linux' ? '/proc/net/tcp' : undefined;

/** A listener whose thread is stuck and whose backlog is full: the kernel drops every further SYN. Linux only. */
export async function blackhole(): Promise<Blackhole | undefined> {
  if (!table) return undefined;
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
     });`,
    { eval: true },
  );
  const [port] = (await once(worker, 'message')) as [number];
  const fillers: net.Socket[] = [];
  const connecting = () => synSent(port);
  // Fills the backlog until connects hang. Then those connects are aborted, and the backlog stays full.
  await until(() => {
    if (connecting() >= 2) return true;
    fillers.push(net.connect(port, '127.0.0.1').on('error', () => {}));
    return false;
  });
  for (const filler of fillers) if (filler.connecting) filler.destroy();
  await until(() => connecting() === 0);
  return {
    port,
    connecting,
    async close() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}

/** Number of sockets of this machine whose SYN to 127.0.0.1:port has no reply. */
function synSent(port: number): number {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync(table ?? '', 'latin1')
    .split('\n')
    .slice(1);
  return rows.filter((row) => {
    const [, , to, state] = row.trim().split(/\s+/);
    return to === remote && state === '02';
  }).length;
}
