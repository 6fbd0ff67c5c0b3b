import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { groupAlive } from '../e2e/support/processes.ts';
import { skipWithout } from '../support/needs.ts';
import type { Report } from './results.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

describe('npm run bench', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  // A process group of its own shows whether a process is left behind.
  function bench(...args: string[]): ChildProcess & { pid: number } {
    const child = spawn(process.execPath, [main, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    return add(child, ({ pid = 0 }) => groupAlive(pid) && process.kill(-pid, 'SIGKILL')) as typeof child & {
      pid: number;
    };
  }

  /** Runs the program to its end, and returns what it has measured and printed. */
  async function measured(...args: string[]): Promise<Report & { output: string }> {
    const directory = add(mkdtempSync(join(tmpdir(), 'bench-')), (path) => rmSync(path, { recursive: true }));
    const file = join(directory, 'figures.json');
    const child = bench(...args, '--json', file);
    const [[code], output, progress] = await Promise.all([
      once(child, 'exit'),
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
    ]);
    expect(code, `${output}\n${progress}`).to.equal(0);
    await until(() => !groupAlive(child.pid));
    return { ...(JSON.parse(readFileSync(file, 'utf8')) as Report), output };
  }

  it('npm run bench measures, finds every event delivered exactly once, and leaves no process behind', async () => {
    const light = ['--workload', 'light', '--server', 'ours,controller'];
    const { results, output } = await measured(...light, '--rounds', '1', '--seconds', '1');
    expect(results.map(({ server, browsers }) => [server, browsers])).to.deep.equal([
      ['direct', 10],
      ['ours', 10],
      ['controller', 10],
    ]);
    for (const { server, rounds } of results) {
      expect(rounds, server).to.have.lengthOf(1);
      expect(rounds[0]?.invalid, server).to.equal(undefined);
      expect(rounds[0]?.figures.p50Us, server).to.be.above(0);
      if (server !== 'direct') expect(rounds[0]?.figures.cpuUs, server).to.be.above(0);
    }
    expect(output).to.match(/\| sse-proxy +\| [\d.]+ .*\| yes/);
    expect(output).to.include('## Goals');
  });

  it('npm run bench measures the log service beside the endpoint in Python', async function () {
    skipWithout(this, 'python');
    const servers = ['log-stream-sqlite', 'fastapi'];
    const { results } = await measured('--workload', 'logs', '--server', servers.join(), '--quick', '--seconds', '0.2');
    expect(results.map(({ server, load }) => [server, load])).to.deep.equal(
      servers.map((server) => [server, '320 B, 100 logs/s, 100 listeners']),
    );
    for (const { server, rounds } of results) {
      expect(rounds[0]?.invalid, server).to.equal(undefined);
      expect(rounds[0]?.figures.cpuUs, server).to.be.above(0);
    }
  });

  it('npm run bench measures a leader and a follower of feeds over Redis, better-sse, and Redis itself', async function () {
    skipWithout(this, 'redis');
    const servers = ['ours-redis', 'ours-redis-follower', 'better-sse-redis'];
    const { results } = await measured(
      '--workload',
      'feeds-redis',
      '--server',
      servers.join(),
      '--quick',
      '--seconds',
      '0.2',
    );
    expect(results.map(({ server }) => server)).to.deep.equal(servers);
    for (const { server, rounds } of results) {
      const { figures, invalid } = rounds[0] ?? {};
      expect(invalid, server).to.equal(undefined);
      for (const metric of ['cpuUs', 'redisCpuPercent', 'redisCommands', 'redisMb'] as const)
        expect(figures?.[metric], `${server} ${metric}`).to.be.above(0);
    }
  });

  it('npm run bench ends all its processes when it is interrupted', async () => {
    const child = bench('--workload', 'light', '--server', 'ours', '--seconds', '0.5');
    let progress = '';
    child.stderr?.on('data', (bytes) => {
      progress += bytes;
    });
    await until(() => progress.includes(', ours '));
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).to.equal(130);
    await until(() => !groupAlive(child.pid));
  });

  it('npm run bench rejects wrong arguments and measures nothing', async () => {
    const child = bench('--server', 'apache');
    const [[code], message] = await Promise.all([once(child, 'exit'), text(child.stderr as NodeJS.ReadableStream)]);
    expect(code).to.equal(2);
    expect(message).to.match(/^bench: --server: there is no "apache"; known are direct, ours,/);
  });
});
