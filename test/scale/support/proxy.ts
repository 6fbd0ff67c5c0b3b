// A process with Express and the built package, as a user has it. Its argument is the target.
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

/** Event name → number of listeners. */
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
  // Finalizers and weak callbacks run between collections, and release memory for the next one.
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await setImmediate();
  }
  return process.memoryUsage().heapUsed;
}

const answers = {
  stats: () => proxy.stats(),
  /** Resolves when `expected` browsers have connected since the start and all have gone, as the proxy counts them. */
  async quiet(expected: number): Promise<void> {
    await until(() => {
      const stats = proxy.stats();
      return accepted >= expected && open === 0 && stats.open + stats.opening + stats.upstreamConnections === 0;
    });
  },
  /** Resources that must not grow. Read them when no stream is open. */
  async leftovers() {
    // Collect first, which takes some turns of the event loop: a closed handle counts as active until the next turn.
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
