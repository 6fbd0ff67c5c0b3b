import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveNative } from './native.ts';
import { backlog, upstream } from './serve.ts';

const [haproxy = 'haproxy', maxConnections = '9000'] = process.argv.slice(4);

await serveNative((port, directory) => {
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  maxconn ${maxConnections}
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend browsers
  bind 127.0.0.1:${port} backlog ${backlog}
  default_backend logs
backend logs
  server upstream ${new URL(upstream).host}
`,
  );
  return [haproxy, '-db', '-f', file];
});
