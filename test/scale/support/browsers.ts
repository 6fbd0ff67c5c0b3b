import http from 'node:http';
import type { Socket } from 'node:net';
import { createParser } from 'eventsource-parser';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';

/** One browser with one stream, so light that a thousand fit into the test process. */
export interface Browser {
  /** The stream's name, which each of its events must have. */
  readonly stream: string;
  /** Undefined before the headers arrive. */
  readonly status: number | undefined;
  /** The data of each event, in the order of arrival. */
  readonly events: readonly string[];
  /** True when the connection is open and the request is written. */
  readonly asked: boolean;
  /** True when the connection has ended or failed. */
  readonly over: boolean;
  /** Closes the connection as a closed tab does: by FIN, or by a reset, as with unread bytes. */
  leave(how?: 'close' | 'reset'): void;
}

/** Opens `/sse?stream=<stream>` on a connection of its own. */
export function openStream(port: number, stream: string): Browser {
  const events: string[] = [];
  const browser = { stream, events, status: undefined as number | undefined, asked: false, over: false };
  const parser = createParser({ onEvent: ({ data }) => void events.push(data) });
  const req = http.get({
    host: '127.0.0.1',
    port,
    path: `/sse?stream=${stream}`,
    agent: false,
    headers: { Accept: 'text/event-stream' },
  });
  let socket: Socket | undefined;
  req.on('socket', (its) => {
    socket = its;
    its.once('connect', () => {
      // The callback of an empty write runs when the request has reached the kernel.
      its.write('', () => {
        browser.asked = true;
      });
    });
    its.once('close', () => {
      browser.over = true;
    });
  });
  req.on('response', (res) => {
    browser.status = res.statusCode;
    res.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
    res.on('error', () => {});
  });
  req.on('error', () => {});
  return Object.assign(browser, {
    leave(how: 'close' | 'reset' = 'close') {
      if (how === 'reset') socket?.resetAndDestroy();
      else req.destroy();
    },
  });
}

/** Resolves when each has event number `sequence` or a later one; rejects if one of them ends before. */
export async function haveReached(browsers: readonly Browser[], sequence: number): Promise<void> {
  let settled = 0;
  await until(() => {
    // Browsers before `settled` have it already.
    for (; settled < browsers.length; settled++) {
      const { stream, status, events, over } = browsers[settled] as Browser;
      if (Number(events.at(-1)?.split(' ')[1]) >= sequence) continue;
      if (over) throw new Error(`stream ${stream} was cut after ${events.length} events (status ${status})`);
      return false;
    }
    return true;
  });
}
