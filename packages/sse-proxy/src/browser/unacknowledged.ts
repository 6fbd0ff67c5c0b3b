import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/*
 * Linux reports a socket as writable only once a third of its send buffer (up to 4 MiB) is free. A browser on a slow
 * line can read bytes all the time, and still minutes pass before the kernel accepts the next ones from us. Only the
 * kernel's table of sockets shows the difference. It is read only for browsers that are about to be disconnected.
 */
const tables = process.platform === 'linux' ? ['/proc/net/tcp', '/proc/net/tcp6'] : [];

let reading: Promise<string[]> | undefined;

/**
 * Bytes that the kernel has accepted and the browser has not acknowledged; undefined where the kernel does not report
 * them.
 */
export async function unacknowledgedBytes(
  socket: Partial<Pick<Socket, 'localPort' | 'remotePort'>>,
): Promise<number | undefined> {
  const { localPort, remotePort } = socket;
  if (localPort === undefined || remotePort === undefined || tables.length === 0) return undefined;
  // One read for all browsers that stall in the same turn.
  reading ??= Promise.all(tables.map((path) => readFile(path, 'latin1').catch(() => '')));
  const texts = await reading;
  reading = undefined;
  // Two connections with the same pair of ports, from different addresses, are counted together.
  const row = new RegExp(`:${hexPort(localPort)} [0-9A-F]+:${hexPort(remotePort)} 01 ([0-9A-F]+):`, 'g');
  const rows = texts.flatMap((text) => [...text.matchAll(row)]);
  if (rows.length === 0) return undefined;
  return rows.reduce((sum, [, queued = '0']) => sum + Number.parseInt(queued, 16), 0);
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
