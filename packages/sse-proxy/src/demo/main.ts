#!/usr/bin/env node
import '../runtime.ts';
import { demoUpstream } from './demo-upstream.ts';

const defaultPort = 4_000;
const mostPort = 65_535;
const usage = `Usage: npx @datashop/sse-proxy demo [PORT]

Serves an event stream to try the middleware with: an event a second, with ids, on 127.0.0.1. A client that comes back with its
Last-Event-ID gets what it missed. PORT: ${defaultPort}; 0 takes any free one. It prints its URL. Ctrl-C ends it.
`;

function fail(code: 1 | 2, message: string): never {
  process.stderr.write(`sse-proxy: ${message}\n`);
  process.exit(code);
}

function start(port: number): void {
  const server = demoUpstream();
  server.once('error', ({ message }) =>
    fail(1, `the demo can't listen: ${message}; any free port: npx @datashop/sse-proxy demo 0`),
  );
  server.listen(port, '127.0.0.1', () => {
    const address = server.address();
    const taken = typeof address === 'object' && address !== null ? address.port : port;
    process.stdout.write(`An event a second: http://127.0.0.1:${taken}/logs/stream\n`);
  });
}

const [command, port = String(defaultPort), ...more] = process.argv.slice(2);
if (command === undefined || command === '--help') process.stdout.write(usage);
else if (command !== 'demo' || more.length > 0) fail(2, 'expected "demo" and a port; see --help');
else if (!/^\d{1,5}$/.test(port) || Number(port) > mostPort)
  fail(2, `expected a port from 0 to ${mostPort}, got "${port}"`);
else start(Number(port));
