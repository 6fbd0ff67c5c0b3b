import type { RelayEntry } from '@datashop/sse-proxy';
import type { RedisCommands } from '../connection/redis-commands.ts';
import { SseRedisError } from '../errors.ts';
import { readStreams } from './entries.ts';
import { compareIds, idText, type StreamId } from './position.ts';
import type { RedisLog } from './redis-log.ts';

/** Most entries of one stream in one reply. */
const maxEntries = 200;
/** Shortest time between two reads, in milliseconds: entries that arrive meanwhile are read together. */
const paceMs = 5;

/**
 * Reads the Redis streams of all logs that follow, and one of its own, with one blocking XREAD at a time. An entry in
 * its own stream ends the command, so that another set of streams can be read.
 */
export class XreadLoop {
  readonly #commands: RedisCommands;
  readonly #wakeStream: string;
  readonly #blockMs: number;
  readonly #logs = new Map<string, Set<RedisLog>>();
  #wakeId = '0-0';
  #isRunning = false;
  #onChange: (() => void) | undefined;

  constructor(commands: RedisCommands, wakeStream: string, blockMs: number) {
    this.#commands = commands;
    this.#wakeStream = wakeStream;
    this.#blockMs = blockMs;
  }

  /** Adds a log, or removes it if it follows nothing. */
  update(log: RedisLog): void {
    const { stream, after } = log;
    const logs = this.#logs.get(stream);
    if (after) this.#logs.set(stream, (logs ?? new Set()).add(log));
    else if (logs?.delete(log) && logs.size === 0) this.#logs.delete(stream);
    this.#onChange?.();
  }

  /** Begins to read; ends when a command fails. */
  async run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#wakeId = '0-0';
    try {
      for (;;) {
        if (this.#logs.size === 0) await new Promise<void>((resolve) => (this.#onChange = resolve));
        const startedAt = performance.now();
        await this.#read();
        const waitMs = startedAt + paceMs - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    } catch (error) {
      // The connection reports why.
      if (!(error instanceof SseRedisError)) throw error;
    } finally {
      this.#isRunning = false;
    }
  }

  async #read(): Promise<void> {
    const streams = [this.#wakeStream];
    const ids = [this.#wakeId];
    const begins = new Map<string, StreamId>();
    for (const [stream, logs] of this.#logs) {
      const begin = lowest(logs);
      begins.set(stream, begin);
      streams.push(stream);
      ids.push(idText(begin));
    }
    const head = ['XREAD', 'COUNT', String(maxEntries), 'BLOCK', String(this.#blockMs), 'STREAMS'];
    const reply = await this.#commands.send([...head, ...streams, ...ids]);
    for (const [stream, entries] of readStreams(reply)) {
      const begin = begins.get(stream);
      if (begin) this.#deliver(stream, begin, entries);
      else this.#wakeId = entries.at(-1)?.position ?? this.#wakeId;
    }
  }

  /**
   * A log moved back before `begin` meanwhile skips this reply, which doesn't follow its position. The next read serves
   * it.
   */
  #deliver(stream: string, begin: StreamId, entries: readonly RelayEntry[]): void {
    for (const log of [...(this.#logs.get(stream) ?? [])])
      if (log.after && compareIds(log.after, begin) >= 0) log.onEntries(entries);
  }
}

function lowest(logs: ReadonlySet<RedisLog>): StreamId {
  const ids = [...logs].flatMap(({ after }) => after ?? []);
  return ids.reduce((least, id) => (compareIds(id, least) < 0 ? id : least));
}
