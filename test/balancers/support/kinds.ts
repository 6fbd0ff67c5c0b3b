import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NeedName } from '../../../scripts/needs.mjs';
import { trusted } from '../../faults/support/certificates.ts';
import { copyShipped } from './shipped.ts';

/** Where a balancer of these tests listens, and which servers are behind it. */
export interface Site {
  /** Ports with TLS. A reload may add one, which shows that it has taken place. */
  readonly ports: readonly number[];
  readonly plainPort: number;
  readonly adminPort: number;
  /** Three, as in the shipped files. */
  readonly bffs: readonly number[];
  /** Replaces 45 s, for which a BFF may be silent. */
  readonly silence: string;
}

/** How one program is run with the files of `examples/deploy`. */
export interface Kind {
  readonly name: NeedName & ('nginx' | 'haproxy' | 'caddy');
  /** True if it asks the BFFs whether they are ready. */
  readonly asksReady: boolean;
  /** Arguments that run it in the foreground. */
  readonly args: readonly string[];
  /** Signal that reloads its configuration, or the arguments of a command that does so. */
  readonly reload: NodeJS.Signals | ((site: Site) => readonly string[]);
  /** Signal that ends it at once, with open streams. */
  readonly end: NodeJS.Signals;
  /** Writes its configuration into `folder`, in which it runs. */
  write(folder: string, site: Site): Promise<void>;
}

const isRoot = process.getuid?.() === 0;
const shippedBffs = ['10.0.0.1:3000', '10.0.0.2:3000', '10.0.0.3:3000'];
const bffChanges = ({ bffs }: Site) => bffs.map((port, n) => [shippedBffs[n] as string, `127.0.0.1:${port}`] as const);

const nginx: Kind = {
  name: 'nginx',
  asksReady: false,
  args: ['-p', '.', '-c', 'nginx.conf', '-e', 'error.log', '-g', 'daemon off;'],
  reload: 'SIGHUP',
  end: 'SIGTERM',
  async write(folder, site) {
    const listen = site.ports.map((port) => `listen 127.0.0.1:${port} ssl http2;`);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((it) => `${it}_temp_path ${it};`);
    await writeCertificate(folder);
    await copyShipped('nginx/locations.conf', folder, 'locations.conf', [
      ['proxy_read_timeout 45s', `proxy_read_timeout ${site.silence}`],
    ]);
    await copyShipped('nginx/nginx.conf', folder, 'nginx.conf', [
      ['user www-data;', isRoot ? 'user root;' : ''],
      ['pid /run/nginx.pid', 'pid nginx.pid'],
      ['worker_processes auto', 'worker_processes 1'],
      ['worker_rlimit_nofile 65536', 'worker_rlimit_nofile 4096'],
      ['worker_connections 32768', 'worker_connections 1024'],
      ['http {', `http {\n${temporary.join('\n')}`],
      ['/var/log/nginx/', ''],
      ['listen 80;', `listen 127.0.0.1:${site.plainPort};`],
      ['listen 443 ssl http2;', listen.join('\n')],
      ['/etc/ssl/datashop/', ''],
      ...bffChanges(site),
    ]);
  },
};

const haproxy: Kind = {
  name: 'haproxy',
  asksReady: true,
  args: ['-W', '-f', 'haproxy.cfg'],
  reload: 'SIGUSR2',
  end: 'SIGTERM',
  async write(folder, site) {
    const bind = site.ports.map((port) => `127.0.0.1:${port}`).join(',');
    await writeCertificate(folder);
    await copyShipped('haproxy/no-bff.http', folder, 'no-bff.http');
    await copyShipped('haproxy/haproxy.cfg', folder, 'haproxy.cfg', [
      ['user haproxy', ''],
      ['group haproxy', ''],
      ['log /dev/log local0', 'log stdout format raw local0'],
      ['maxconn 20000', 'maxconn 200'],
      ['timeout server 45s', `timeout server ${site.silence}`],
      ['inter 2s fastinter 1s', 'inter 200ms fastinter 100ms'],
      ['timeout client 45s', `timeout client ${site.silence}`],
      ['bind :80\n', `bind 127.0.0.1:${site.plainPort}\n`],
      ['bind :443 ', `bind ${bind} `],
      ['/etc/haproxy/datashop.pem', 'both.pem'],
      ['/etc/haproxy/', ''],
      ...bffChanges(site),
    ]);
  },
};

const caddy: Kind = {
  name: 'caddy',
  asksReady: true,
  args: ['run', '--config', 'Caddyfile'],
  reload: ({ adminPort }) => ['reload', '--config', 'Caddyfile', '--force', '--address', `localhost:${adminPort}`],
  // At SIGTERM it waits until the streams have ended.
  end: 'SIGKILL',
  async write(folder, site) {
    const addresses = site.ports.map((port) => `https://localhost:${port}`).join(', ');
    await writeCertificate(folder);
    await copyShipped('caddy/Caddyfile', folder, 'Caddyfile', [
      ['grace_period 1h', `grace_period 1h\n\thttp_port ${site.plainPort}\n\tadmin localhost:${site.adminPort}`],
      ['datashop.example {', `${addresses} {\n\ttls cert.pem key.pem\n\tbind 127.0.0.1`],
      ['health_interval 2s', 'health_interval 200ms'],
      ['read_timeout 45s', `read_timeout ${site.silence}`],
      ...bffChanges(site),
    ]);
  },
};

export const kinds: readonly Kind[] = [nginx, haproxy, caddy];

async function writeCertificate(folder: string): Promise<void> {
  const { cert, key } = trusted;
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
  await writeFile(join(folder, 'both.pem'), `${cert}\n${key}\n`);
}
