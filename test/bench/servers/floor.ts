// Floor for many browsers in Node: writes the upstream's bytes to every socket without parsing them.
import { connect, createServer, type Socket } from 'node:net';
import { heartbeatMs, listen, upstream } from './serve.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n:ok\n\n\r\n';
const heartbeat = Buffer.from('2\r\n:\n\r\n');
const browsers = new Set<Socket>();

function toAll(bytes: Buffer): void {
  for (const socket of browsers) socket.write(bytes);
}

const { hostname, port } = new URL(upstream);
const up = connect({ host: hostname, port: Number(port), noDelay: true });
up.write('GET /logs/stream HTTP/1.1\r\nHost: upstream\r\n\r\n');
// The upstream sends its response headers in one piece, before any event.
up.once('data', () => up.on('data', toAll));
if (heartbeatMs !== undefined) setInterval(() => toAll(heartbeat), heartbeatMs);

listen(
  createServer({ noDelay: true }, (socket) => {
    socket.once('data', () => {
      socket.write(head);
      browsers.add(socket);
    });
    socket.on('error', () => {});
    socket.on('close', () => browsers.delete(socket));
    socket.resume();
  }),
);
