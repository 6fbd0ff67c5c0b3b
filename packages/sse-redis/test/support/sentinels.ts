import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { freePort } from '../../../../test/support/free-ports.ts';
import { until } from '../../../sse-proxy/test/support/until.ts';
import type { SentinelAddress } from '../../src/types.ts';
import { RedisServer, spawnListening } from './redis-server.ts';

const masterName = 'main';

/** Three sentinels that watch a primary with one replica. They fail over half a second after the primary is gone. */
export class SentinelSet {
  readonly address: SentinelAddress;
  /** The server that was the primary at first. */
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly #sentinels: readonly ChildProcess[];
  readonly #directory: string;

  private constructor(
    ports: readonly number[],
    servers: { primary: RedisServer; replica: RedisServer },
    sentinels: readonly ChildProcess[],
    directory: string,
  ) {
    this.address = { name: masterName, sentinels: ports.map((port) => ({ host: '127.0.0.1', port })) };
    this.primary = servers.primary;
    this.replica = servers.replica;
    this.#sentinels = sentinels;
    this.#directory = directory;
  }

  /** Resolves when the replica is in step and the sentinels know it and each other. */
  static async start(): Promise<SentinelSet> {
    const primary = await RedisServer.start('repl-diskless-sync-delay 0');
    const replica = await RedisServer.start(`replicaof 127.0.0.1 ${primary.port}`);
    await until(async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up'));
    const directory = await mkdtemp(join(tmpdir(), 'sse-sentinel-'));
    const ports: number[] = [];
    const sentinels: ChildProcess[] = [];
    for (const name of ['a', 'b', 'c']) {
      const port = await freePort();
      const file = join(directory, `${name}.conf`);
      await writeFile(file, configuration(port, primary.port));
      sentinels.push(await spawnListening('redis-sentinel', [file], port));
      ports.push(port);
    }
    const set = new SentinelSet(ports, { primary, replica }, sentinels, directory);
    await until(async () => {
      const states = await Promise.all(ports.map((port) => ask(port, 'SENTINEL', 'MASTER', masterName)));
      return states.every((state) => hasField(state, 'num-slaves', '1') && hasField(state, 'num-other-sentinels', '2'));
    });
    return set;
  }

  /** Resolves when a majority names the replica as the master. */
  async failedOver(): Promise<void> {
    const ports = this.address.sentinels.map(({ port }) => port);
    await until(async () => {
      const masters = await Promise.all(
        ports.map((port) => ask(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)),
      );
      return masters.filter((master) => String((master as unknown[])[1]) === String(this.replica.port)).length >= 2;
    });
  }

  async close(): Promise<void> {
    for (const child of this.#sentinels) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    await rm(this.#directory, { recursive: true, force: true });
    await this.primary.close();
    await this.replica.close();
  }
}

function configuration(port: number, primary: number): string {
  return `port ${port}
bind 127.0.0.1
sentinel monitor ${masterName} 127.0.0.1 ${primary} 2
sentinel down-after-milliseconds ${masterName} 500
sentinel failover-timeout ${masterName} 2000
`;
}

async function ask(port: number, ...args: string[]): Promise<unknown> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}

/** Whether a reply of Sentinel, a map or a flat list of names and values, has this field. */
function hasField(reply: unknown, name: string, value: string): boolean {
  const flat = Array.isArray(reply) ? reply : Object.entries(reply as object).flat();
  return String(flat[flat.indexOf(name) + 1]) === value;
}
