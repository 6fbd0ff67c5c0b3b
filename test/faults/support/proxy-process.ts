// A process with Express and the middleware under test.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo, LookupFunction } from 'node:net';
import express from 'express';
import { Agent } from 'undici';
import { sseProxy } from '../../../packages/sse-proxy/src/index.ts';
import type { ShareOptions, SseProxyOptions } from '../../../packages/sse-proxy/src/types.ts';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { answer } from '../../scale/support/child.ts';
import { shiftClock } from './clock.ts';
import { hookedOptions } from './hooks.ts';
import { identify, upstreamHeaders } from './identities.ts';
import { heldRequests, middleware } from './middleware.ts';
import type { ProxySetUp } from './proxy-set-up.ts';
import { tally } from './tally.ts';

const setUp = JSON.parse(process.argv[2] as string) as ProxySetUp;
const { seen, observer } = tally();
let address = '127.0.0.1';
let dropped = 0;
let logged = 0;

// A resolver whose result the test can change.
const lookup: LookupFunction = (_name, how, done) => {
  if (how.all) done(null, [{ address, family: 4 }]);
  else done(null, address, 4);
};

const options: SseProxyOptions = { ...setUp.options, observers: [observer] };
if (setUp.lookup) options.dispatcher = new Agent({ connect: { lookup } });
if (setUp.ca) options.dispatcher = new Agent({ connect: { ca: setUp.ca } });
if (setUp.identities) options.upstreamHeaders = upstreamHeaders;
if (setUp.hooks) Object.assign(options, hookedOptions(options));
if (setUp.redis !== undefined) {
  // Only here: the client of Redis takes as long to load as everything else together.
  const { redisFeeds } = await import('../../../packages/sse-redis/src/index.ts');
  const { redis, slowRedis } = setUp;
  const times = slowRedis ? { leaseMs: 60_000, commandTimeoutMs: 15_000 } : { leaseMs: 1_000, commandTimeoutMs: 250 };
  const relay = redisFeeds({ redis, ...times, onModeChange() {} });
  options.share = { ...(options.share as ShareOptions), relay };
}
if (setUp.blockedLog) options.observers?.push({ onOpen: log, onClose: log });

// The page for a real browser: a native EventSource that records what it receives.
const page = `<!doctype html><link rel="icon" href="data:,"><script>
  window.got = []; window.own = []; window.recoveryMs = []; window.gaveUp = 0;
  let lostAt;
  window.source = new EventSource('/sse');
  source.onmessage = ({ data, lastEventId }) => {
    got.push([data, lastEventId]);
    if (lostAt !== undefined) recoveryMs.push(performance.now() - lostAt);
    lostAt = undefined;
  };
  for (const name of ['gap', 'refused', 'end'])
    source.addEventListener('sse-proxy:' + name, ({ data }) => own.push(name + ' ' + JSON.parse(data).reason));
  source.onerror = () => {
    lostAt ??= performance.now();
    if (source.readyState === EventSource.CLOSED) gaveUp++;
  };
</script>`;
const proxy = sseProxy(options);
const app = express();
app.get('/sse', middleware, proxy);
app.get('/', (_req, res) => void res.type('html').send(page));
const server = app.listen(setUp.port ?? 0, '127.0.0.1', (error) => {
  if (error) throw error;
  answer((server.address() as AddressInfo).port, answers);
});
let connections = 0;
server.on('connection', (socket) => {
  connections++;
  socket.on('close', () => connections--);
});
process.on('SIGTERM', async () => {
  await proxy.close({ graceMs: setUp.graceMs ?? 0 });
  server.close(() => process.exit());
});

// A log sink as it should be: it never blocks, drops lines while the pipe is full, and counts them.
const neverReads = 'const parent = process.ppid; setInterval(() => process.ppid === parent || process.exit(), 100)';
let pipe: NodeJS.WritableStream | undefined;
function log(context: object): void {
  pipe ??= spawn(process.execPath, ['-e', neverReads], { stdio: ['pipe', 'ignore', 'ignore'] }).stdin;
  if ((pipe as NodeJS.WriteStream).writableNeedDrain) dropped++;
  else {
    logged++;
    pipe.write(`${Object.keys(context).join().padEnd(4_000)}\n`);
  }
}

function fds(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

// resourceUsage().maxRSS would be wrong on Linux: it starts with the size of the parent process.
function peakMb(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1_024;
  const [, kb] = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kb) / 1_024;
}

const answers = {
  stats: () => proxy.stats(),
  seen: () => seen,
  fds,
  peakMb,
  log: () => ({ logged, dropped }),
  identify,
  held: heldRequests,
  /** Resolves when neither a browser nor an upstream is connected. */
  async quiet(): Promise<void> {
    await until(() => {
      const { open, opening, upstreamConnections } = proxy.stats();
      return open + opening + upstreamConnections + connections === 0;
    });
  },
  /** Stalls the event loop, without taking the time of a core from other tests. */
  block(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  },
  shiftClock: (ms: number) => shiftClock(ms),
  resolveTo(to: string): void {
    address = to;
  },
};
export type ProxyAnswers = typeof answers;
