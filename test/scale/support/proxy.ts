// The proxy in a process of its own, as a user has it: Express and the built package. Its one argument is the target.
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { answer } from './child.ts';

const proxy = sseProxy({ target: process.argv[2] as string, forwardQuery: ['stream'] });
const app = express();
app.get('/sse', proxy);
const server = app.listen(0, '127.0.0.1', (error) => {
  if (error) throw error;
  answer((server.address() as AddressInfo).port, answers);
});

let accepted = 0;
let open = 0;
server.on('connection', (socket) => {
  accepted++;
  open++;
  socket.on('close', () => open--);
});

/** Event names and how many listen to each. */
function listeners(emitter: NodeJS.EventEmitter): Record<string, number> {
  return Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]));
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

async function heapBytes(): Promise<number> {
  if (!globalThis.gc) throw new Error('start this process with --expose-gc');
  // Finalizers and weak callbacks run between collections, and free what the next one finds.
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}

const answers = {
  stats: () => proxy.stats(),
  /** Resolves when `expected` browsers have come since the start and all are gone, as the proxy sees it. */
  async quiet(expected: number): Promise<void> {
    await until(() => {
      const stats = proxy.stats();
      return accepted >= expected && open === 0 && stats.open + stats.opening + stats.upstreamConnections === 0;
    });
  },
  /** What may not grow. Ask when it is quiet. */
  async leftovers() {
    // First, since it takes some turns of the event loop: a handle that was closed counts as active until the next one.
    const heap = await heapBytes();
    return {
      fds: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : undefined,
      resources: count(process.getActiveResourcesInfo()),
      processListeners: listeners(process),
      serverListeners: listeners(server),
      heapBytes: heap,
    };
  },
};
export type ProxyAnswers = typeof answers;
