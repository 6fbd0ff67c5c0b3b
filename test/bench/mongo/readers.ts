// The subscribers, in a process of their own. Arguments: URL, number of subscribers, how many of them are slow.
// Sends a `ReadersReport` to its parent every 100 ms.
import { type IncomingMessage, request } from 'node:http';
import { LogCounter } from './log-counter.ts';

/** What the subscribers have received so far. */
export interface ReadersReport {
  readonly opened: number;
  /** Logs of each subscriber; the slow ones are the last. */
  readonly received: readonly number[];
  /** Logs that did not follow the one before. */
  readonly outOfOrder: number;
  readonly gaps: number;
  /** Streams that have ended. */
  readonly ended: number;
  /**
   * Milliseconds from before the insertion to the arrival, at the subscribers that are not slow, since the last report.
   */
  readonly latencies: readonly number[];
}

/** A slow subscriber reads this many bytes, then nothing for a while. */
const slowBytes = 64 * 1024;
const pauseMs = 200;
const reportMs = 100;

const [url = '', count = '0', slow = '0'] = process.argv.slice(2);
const latencies: number[] = [];
const counters: LogCounter[] = [];
let opened = 0;
let ended = 0;

function open(isSlow: boolean): void {
  // Only every tenth is measured: they receive the same events, and the measuring costs CPU.
  const measured = !isSlow && counters.length % 10 === 0;
  const counter = new LogCounter(measured ? latencies : undefined);
  counters.push(counter);
  request(url, { agent: false, headers: { accept: 'text/event-stream' } }, (response) => {
    opened++;
    response.on('close', () => ended++).on('error', () => {});
    if (isSlow) readSlowly(response, counter);
    else response.on('data', (chunk: Buffer) => counter.add(chunk));
  }).end();
}

function readSlowly(response: IncomingMessage, counter: LogCounter): void {
  let left = slowBytes;
  response.on('data', (chunk: Buffer) => {
    counter.add(chunk);
    left -= chunk.length;
    if (left > 0) return;
    left = slowBytes;
    response.pause();
    setTimeout(() => response.resume(), pauseMs);
  });
}

for (let i = 0; i < Number(count); i++) open(i >= Number(count) - Number(slow));
setInterval(() => {
  const report: ReadersReport = {
    opened,
    received: counters.map(({ received }) => received),
    outOfOrder: counters.reduce((sum, counter) => sum + counter.outOfOrder, 0),
    gaps: counters.reduce((sum, { gaps }) => sum + gaps, 0),
    ended,
    latencies: latencies.splice(0),
  };
  process.send?.(report);
}, reportMs);
