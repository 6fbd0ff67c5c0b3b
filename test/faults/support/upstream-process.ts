// A process with an SSE upstream that numbers its events. The newest number is in a file, so that the process can be
// killed at any moment and resumes exactly where it was: no event is lost here.
import { once } from 'node:events';
import { openSync, readFileSync, writeSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { answer } from '../../scale/support/child.ts';
import { frame, idOf } from './events.ts';
import type { UpstreamSetUp, UpstreamSwitches } from './upstream-set-up.ts';

// An ES import of node:http loads all of the undici inside Node, which takes longer than the rest of this process's
// start.
const http = process.getBuiltinModule('node:http');
const setUp = JSON.parse(process.argv[2] as string) as UpstreamSetUp;
const tickMs = 5;
/** Size of one write to a connection that lags. */
const batchBytes = 65_536;

interface Reader {
  readonly res: ServerResponse;
  next: number;
  /** The value of the request's X-Tenant, the type of all its events. */
  readonly tenant: string | undefined;
}

const log = openSync(setUp.log, 'a+');
const position = openSync(setUp.log, 'r+');
const [epochBefore, headBefore] = readFileSync(log, 'utf8').trim().split(' ').map(Number);
let epoch = epochBefore ?? 0;
let head = headBefore ?? 0;
let forgotten = 0;
let switches: UpstreamSwitches = {};
let timer: NodeJS.Timeout | undefined;
const readers = new Set<Reader>();
const requests: { at: number; lastEventId: string | undefined; status: number }[] = [];

// Written before it is sent, so that a kill in between loses nothing.
function advance(count: number): void {
  head += count;
  writeSync(position, `${epoch} ${head}`.padEnd(32), 0);
  for (const reader of readers) pump(reader);
}

function pump(reader: Reader): void {
  while (reader.next <= head && !reader.res.writableNeedDrain) {
    let text = '';
    while (reader.next <= head && text.length < batchBytes) text += eventFor(reader, reader.next++);
    reader.res.write(text);
  }
}

function eventFor({ tenant }: Reader, sequence: number): string {
  const { large, noIds, eventsPerId } = switches;
  const bytes = large && sequence % large.every === 0 ? large.bytes : setUp.eventBytes;
  const text = frame(epoch, sequence, bytes, noIds ? undefined : idOf(sequence, eventsPerId));
  return tenant === undefined ? text : `event: ${tenant}\n${text}`;
}

function startAt(lastEventId: string | undefined): number {
  if (lastEventId === undefined) return head + 1;
  if (switches.eventsPerId) return (Number(lastEventId) - 1) * switches.eventsPerId + 1;
  // The id is unknown in this epoch, or ignored: send everything.
  if (switches.ignoreLastEventId || !/^\d+$/.test(lastEventId) || Number(lastEventId) > head) return 1;
  return Number(lastEventId) + 1;
}

const server = http.createServer((req, res) => {
  const lastEventId = req.headers['last-event-id'] as string | undefined;
  const isForbidden = switches.token !== undefined && req.headers.authorization !== switches.token;
  const refusal = isForbidden ? { status: 401 } : (switches.answers?.shift() ?? switches.answer);
  requests.push({ at: Date.now(), lastEventId, status: refusal?.status ?? 200 });
  if (refusal) {
    res.writeHead(refusal.status, refusal.headers ?? {}).end();
    return;
  }
  const reader = { res, next: startAt(lastEventId), tenant: req.headers['x-tenant'] as string | undefined };
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  if (!switches.lateHead) res.flushHeaders();
  if (switches.retryMs !== undefined) res.write(`retry: ${switches.retryMs}\n\n`);
  readers.add(reader);
  res.on('close', () => readers.delete(reader));
  res.on('drain', () => pump(reader));
  pump(reader);
});
server.on('connection', (socket) => socket.on('error', () => {}));

const answers = {
  /** Sends `perSecond` events a second from now on. */
  run(perSecond: number): void {
    clearInterval(timer);
    const from = performance.now();
    let sent = 0;
    timer = setInterval(() => {
      const due = Math.floor(((performance.now() - from) * perSecond) / 1_000);
      if (due > sent) advance(due - sent);
      sent = due;
    }, tickMs);
  },
  /** Sends `count` events at once, as fast as each connection accepts them. */
  emit: (count: number) => advance(count),
  /** Stops sending. Returns the newest number. */
  hold() {
    clearInterval(timer);
    return { epoch, head };
  },
  /** Resolves when event number `sequence` has been sent. */
  reached: async (sequence: number) => void (await until(() => head >= sequence)),
  head: () => ({ epoch, head, sent: forgotten + head }),
  requests: () => requests,
  open: () => readers.size,
  set(changed: UpstreamSwitches): void {
    switches = { ...switches, ...changed };
  },
  /** Forgets all events, restarts with id 1, and breaks every connection. */
  forget(): void {
    epoch++;
    forgotten += head;
    head = 0;
    advance(0);
    for (const { res } of readers) res.destroy();
  },
  /** Ends all responses cleanly, between events. */
  end(): void {
    for (const { res } of readers) res.end();
  },
};
export type UpstreamAnswers = typeof answers;

server.listen({ port: setUp.port, host: setUp.host, backlog: setUp.backlog });
await once(server, 'listening');
answer((server.address() as AddressInfo).port, answers);
