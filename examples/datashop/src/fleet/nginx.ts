import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const locations = fileURLToPath(new URL('../../../deploy/nginx/locations.conf', import.meta.url));

/** Writes a configuration of nginx that spreads requests over the BFFs, into `folder`. Returns nginx' arguments. */
export async function configureNginx(folder: string, port: number, bffPorts: readonly number[]): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const servers = bffPorts.map((bffPort) => `    server 127.0.0.1:${bffPort} max_fails=0;`);
  const text = `${process.getuid?.() === 0 ? 'user root;\n' : ''}pid nginx.pid;
daemon off;
# One process, so that a kill leaves no worker behind that holds the port. In production leave it out.
master_process off;
worker_processes 1;
events {
  worker_connections 4096;
}
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${name};`).join('\n')}
  upstream bff {
${servers.join('\n')}
  }
  server {
    listen 127.0.0.1:${port};
    include ${locations};
  }
}
`;
  await writeFile(join(folder, 'nginx.conf'), text, { mode: 0o600 });
  // "crit": that a BFF was killed is shown by the example itself.
  return ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'error_log stderr crit;'];
}
