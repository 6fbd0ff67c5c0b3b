import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveNative } from './native.ts';
import { backlog, upstream } from './serve.ts';

const [haproxy = 'haproxy'] = process.argv.slice(4);

await serveNative((port, directory) => {
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  # Without the second line it would not start where it may not open twice as many descriptors.
  maxconn 10000
  no strict-limits
  nbthread 1
defaults
  mode http
  # Without it events are held back for up to 200 ms, to fill packets.
  option http-no-delay
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
  return [haproxy, '-q', '-db', '-f', file];
});
