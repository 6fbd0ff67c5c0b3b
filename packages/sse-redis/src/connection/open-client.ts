import { RedisClient as BaseClient, type RedisClientOptions } from 'redis';
import { SseRedisError } from '../errors.ts';
import { isSentinel } from '../options.ts';
import type { RedisAddress, SentinelAddress } from '../types.ts';
import { withDeadline } from './deadline.ts';

// createClient() would define a class with hundreds of methods unless its options equal those of the last call. At each
// attempt to connect, that would block the event loop for longer than a command takes.
const createClient = BaseClient.factory();

/** A connected client of node-redis that neither reconnects nor queues commands while it is not connected. */
export type RedisClient = ReturnType<typeof createClient>;

/**
 * Connects to Redis; with Sentinel, to the current master.
 *
 * @throws SseRedisError `ERR_SSE_REDIS_CONNECT` if there is no connection within `timeoutMs`
 */
export async function openClient(address: RedisAddress, timeoutMs: number): Promise<RedisClient> {
  if (typeof address === 'string') return connect({ url: address }, timeoutMs);
  return isSentinel(address) ? openMaster(address, timeoutMs) : connect(address, timeoutMs);
}

async function connect(options: RedisClientOptions, timeoutMs: number): Promise<RedisClient> {
  // createClient changes the object that it gets.
  const client = createClient({
    ...options,
    socket: { ...options.socket, connectTimeout: timeoutMs, reconnectStrategy: false },
    disableOfflineQueue: true,
  } as RedisClientOptions);
  // Without a listener an error would end the process. connect() and the owner's listeners report it.
  client.on('error', () => {});
  try {
    await withDeadline(timeoutMs, client.connect());
    return client;
  } catch (cause) {
    discard(client);
    throw new SseRedisError('ERR_SSE_REDIS_CONNECT', `Redis can't be reached: ${reasonOf(cause)}`, { cause });
  }
}

async function openMaster(address: SentinelAddress, timeoutMs: number): Promise<RedisClient> {
  const socket = await findMaster(address, timeoutMs);
  const client = await connect(
    { ...address.client, socket: { ...address.client?.socket, ...socket } as never },
    timeoutMs,
  );
  try {
    const role = (await withDeadline(timeoutMs, client.sendCommand(['ROLE']))) as unknown as unknown[];
    if (String(role[0]) === 'master') return client;
  } catch (cause) {
    discard(client);
    throw new SseRedisError('ERR_SSE_REDIS_CONNECT', `Redis did not report its role: ${reasonOf(cause)}`, { cause });
  }
  discard(client);
  throw new SseRedisError('ERR_SSE_REDIS_CONNECT', 'the server that Sentinel names is no master');
}

/** Queries one sentinel after another. */
async function findMaster(address: SentinelAddress, timeoutMs: number): Promise<{ host: string; port: number }> {
  let cause: unknown;
  for (const { host, port } of address.sentinels) {
    let client: RedisClient | undefined;
    try {
      client = await connect(
        { ...address.sentinelClient, socket: { ...address.sentinelClient?.socket, host, port } as never },
        timeoutMs,
      );
      const query = client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.name]);
      const found = (await withDeadline(timeoutMs, query)) as unknown as [unknown, unknown] | null;
      if (found) return { host: String(found[0]), port: Number(found[1]) };
    } catch (error) {
      cause = error;
    } finally {
      if (client) discard(client);
    }
  }
  const reason = cause === undefined ? 'none of them has this name' : reasonOf(cause);
  throw new SseRedisError('ERR_SSE_REDIS_CONNECT', `no sentinel names a master: ${reason}`, { cause });
}

/** Closes the connection at once; commands without a reply reject. */
export function discard(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It was closed already.
  }
}

/** Code or kind of an error: its text may hold the address, which may hold a password. */
function reasonOf(error: unknown): string {
  if (error instanceof SseRedisError) return error.message;
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  if (typeof code === 'string') return code;
  // Error replies of Redis begin with a word in capitals, such as WRONGPASS or NOAUTH.
  return /^[A-Z]{3,}\b/.exec(String(message))?.[0] ?? String(name ?? 'an error');
}
