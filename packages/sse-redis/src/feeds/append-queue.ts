import type { RelayContent } from '@datashop/sse-proxy';
import type { RedisCommands } from '../connection/redis-commands.ts';
import type { Lead } from './lead.ts';
import { idText, type StreamId, sizeOf } from './position.ts';
import { append } from './scripts.ts';

/** The log that an entry is for. */
export interface AppendingLog {
  readonly stream: string;
  readonly lease: string;
  /** Life of the stream without a command, in milliseconds. */
  readonly keepMs: number;
  /** An append has been executed, or refused. `size`: bytes of its entries. */
  onAppended(lead: Lead, isStored: boolean, size: number): void;
}

/** One entry that is to be appended. */
export interface Append {
  readonly log: AppendingLog;
  readonly lead: Lead;
  readonly id: StreamId;
  readonly content: RelayContent;
  readonly isReset: boolean;
  /** True if the lead ends with it. */
  readonly isLast: boolean;
}

/** Shortest time between two commands, in milliseconds: entries that arrive meanwhile are sent together. */
const paceMs = 5;
/** Most bytes of one command. */
const maxBytes = 1_048_576;

/** Sends the entries of all feeds of this process; those that arrive within {@link paceMs} share a command. */
export class AppendQueue {
  readonly #commands: RedisCommands;
  readonly #leaseMs: number;
  #waiting: Append[] = [];
  #isBusy = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #onIdle: (() => void)[] = [];

  constructor(commands: RedisCommands, leaseMs: number) {
    this.#commands = commands;
    this.#leaseMs = leaseMs;
  }

  add(entry: Append): void {
    this.#waiting.push(entry);
    this.#sendSoon();
  }

  /** Redis can't be used any more: drops what was not sent. */
  clear(): void {
    this.#waiting = [];
  }

  /** Resolves when everything has been sent. */
  async whenIdle(): Promise<void> {
    if (this.#isBusy) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #sendSoon(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const waitMs = this.#sentAt + paceMs - performance.now();
    if (waitMs > 0) setTimeout(this.#send, waitMs);
    else setImmediate(this.#send);
  }

  readonly #send = (): void => {
    const batch = this.#takeBatch();
    this.#sentAt = performance.now();
    const done = () => {
      this.#isBusy = false;
      if (this.#waiting.length > 0) return this.#sendSoon();
      for (const resolve of this.#onIdle.splice(0)) resolve();
    };
    if (batch.length === 0) return done();
    this.#sendBatch(batch).then(done, done);
  };

  #takeBatch(): Append[] {
    let bytes = 0;
    let count = 0;
    for (const { content } of this.#waiting) {
      bytes += content.data.length;
      if (count > 0 && bytes > maxBytes) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #sendBatch(batch: readonly Append[]): Promise<void> {
    const groups = groupByLead(batch);
    const keys: string[] = [];
    const args: (string | number | Buffer)[] = [];
    const data: Buffer[] = [];
    const now = performance.now();
    for (const group of groups) {
      const [{ log, lead, isReset }] = group as [Append];
      const { minId, maxBytes: most } = lead.trim(now);
      const isLast = group.at(-1)?.isLast ? 1 : 0;
      keys.push(log.lease, log.stream);
      args.push(
        lead.leader,
        idText(lead.sent),
        this.#leaseMs,
        log.keepMs,
        isReset ? 1 : 0,
        isLast,
        minId,
        most,
        group.length,
      );
      for (const { id, content } of group) {
        args.push(idText(id), content.meta, content.data.length);
        if (content.data.length > 0) data.push(content.data);
        lead.sent = id;
      }
    }
    const reply = (await this.#commands.run(append, keys, [...args, Buffer.concat(data)])) as number[];
    for (const [index, group] of groups.entries()) {
      const [{ log, lead }] = group as [Append];
      const size = group.reduce((sum, { content }) => sum + sizeOf(content), 0);
      log.onAppended(lead, reply[index] === 1, size);
    }
  }
}

/**
 * The entries of each lead, in order. Entries that follow a reset are in its group: a reset is the first of its lead.
 */
function groupByLead(batch: readonly Append[]): Append[][] {
  const groups = new Map<Lead, Append[]>();
  for (const entry of batch) {
    const group = groups.get(entry.lead);
    if (group) group.push(entry);
    else groups.set(entry.lead, [entry]);
  }
  return [...groups.values()];
}
