// Floor for a browser with its own upstream connection in Node: an Express route, a second connection, one read and one
// write per event. It does not parse the response: it relays the chunks as the upstream framed them.
import { connect, type Socket } from 'node:net';
import express from 'express';
import { serve, upstream } from './serve.ts';

const { hostname, port } = new URL(upstream);
const buffer = Buffer.allocUnsafeSlow(65_536);
const memory = Buffer.allocUnsafeSlow(1_048_576);
const batch: { socket: Socket; bytes: Buffer }[] = [];
const most = 32;
let used = 0;
let isDue = false;

function writeAll(): void {
  for (const { socket, bytes } of batch) socket.write(bytes);
  batch.length = 0;
  used = 0;
}

function atEndOfTurn(): void {
  isDue = false;
  writeAll();
}

/** Writes what was read in one turn of the event loop, unchanged. */
function pass(socket: Socket, length: number): void {
  if (batch.length === most || used + length > memory.length) writeAll();
  const bytes = memory.subarray(used, used + length);
  used += buffer.copy(bytes, 0, 0, length);
  batch.push({ socket, bytes });
  if (isDue) return;
  isDue = true;
  setImmediate(atEndOfTurn);
}

const app = express();
app.get('/sse/logs/stream', (_req, res) => {
  let socket: Socket | undefined;
  const onHead = (length: number) => {
    const end = buffer.subarray(0, length).indexOf('\r\n\r\n') + 4;
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache, no-transform' });
    res.flushHeaders();
    socket = res.socket ?? undefined;
    socket?.write(Buffer.from(buffer.subarray(end, length)));
  };
  const callback = (length: number) => {
    if (socket) pass(socket, length);
    else onHead(length);
    return true;
  };
  const up = connect({ host: hostname, port: Number(port), noDelay: true, onread: { buffer, callback } });
  up.write('GET /logs/stream HTTP/1.1\r\nHost: upstream\r\n\r\n');
  up.on('error', () => res.destroy());
  res.on('close', () => up.destroy());
});
serve(app);
