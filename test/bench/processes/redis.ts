// Redis of one round, which saves nothing. Argument: the path of redis-server. It shares the cores of the load.
import { join } from 'node:path';
import { createClient } from 'redis';
import { answer } from '../../scale/support/child.ts';
import { runNative } from '../servers/native.ts';

/** What Redis has used. */
export interface RedisUsage {
  /** Time of this reading, in milliseconds of a monotonic clock. */
  readonly atMs: number;
  readonly cpuUs: number;
  /** Commands that it has executed, those that scripts call included. */
  readonly commands: number;
  /** Bytes of its data and buffers. */
  readonly usedBytes: number;
}

const [, , redisServer = 'redis-server'] = process.argv;
const { port, usage } = await runNative((port, directory) => {
  const logFile = join(directory, 'redis.log');
  const settings = { port, bind: '127.0.0.1', dir: directory, logfile: logFile, save: '', appendonly: 'no' };
  return [redisServer, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])];
});
const client = createClient({ url: `redis://127.0.0.1:${port}` });
// The client's loss ends the round, whose server fails as well.
client.on('error', () => {});
await client.connect();

const answers = {
  async usage(): Promise<RedisUsage> {
    const info = String(await client.info());
    const read = (field: string) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1]);
    const { cpuUs } = usage();
    const commands = read('total_commands_processed');
    return { atMs: performance.now(), cpuUs, commands, usedBytes: read('used_memory') };
  },
};
export type RedisAnswers = typeof answers;

answer(port, answers);
