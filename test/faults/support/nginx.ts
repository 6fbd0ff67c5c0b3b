import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable, installCommand } from '../../../scripts/needs.mjs';
import { freePort } from '../../support/free-ports.ts';
import { until } from './stage.ts';

/** A real nginx in front of a proxy. */
export interface Nginx {
  readonly port: number;
  /** Starts new workers and ends the old ones, like `nginx -s reload`. */
  reload(): void;
  /** Kills it with its workers (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on its port, after `kill()`. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts nginx with `locations` in its one server. Throws if it isn't installed.
 *
 * @param http what precedes the server, such as an `upstream` block
 */
export async function startNginx(locations: string, http = ''): Promise<Nginx> {
  const executable = findExecutable('nginx');
  if (!executable) throw new Error(`nginx is not installed: ${installCommand('nginx')}`);
  const directory = await mkdtemp(join(tmpdir(), 'sse-nginx-'));
  const port = await freePort();
  await writeFile(join(directory, 'nginx.conf'), configuration(port, locations, http));
  let child = await launch(executable, directory, port);
  return {
    port,
    reload: () => void child.kill('SIGHUP'),
    async kill() {
      const gone = once(child, 'exit');
      const workers = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' });
      child.kill('SIGKILL');
      for (const pid of workers.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
      await gone;
    },
    async restart() {
      child = await launch(executable, directory, port);
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        await gone;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Starts the process; resolves when it listens. */
async function launch(executable: string, directory: string, port: number): Promise<ChildProcess> {
  const args = ['-p', directory, '-c', 'nginx.conf', '-e', 'error.log', '-g', 'daemon off;'];
  const child = spawn(executable, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  let listening = false;
  await until(() => {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}; see what it printed`);
    const probe = net.connect(port, '127.0.0.1', () => {
      listening = true;
      probe.destroy();
    });
    probe.on('error', () => {});
    return listening;
  });
  return child;
}

function configuration(port: number, locations: string, http: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
  return `
${process.getuid?.() === 0 ? 'user root;' : ''}
pid nginx.pid;
worker_processes 1;
worker_shutdown_timeout 200ms;
events {
  worker_connections 4096;
}
http {
  access_log off;
  ${paths.join('\n  ')}
  ${http}
  server {
    listen 127.0.0.1:${port};
    ${locations}
  }
}
`;
}
