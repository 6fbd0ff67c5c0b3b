import { type Cipheriv, createCipheriv, createDecipheriv, createHash, type Decipheriv, randomBytes } from 'node:crypto';
import type { LogFilter, LogIdKind } from '../../log-store.ts';

const kinds = ['event', 'position', 'asc', 'desc'] as const satisfies LogIdKind[];

/** Base64url of one block; its last character has two bits. */
const syntax = /^[\w-]{21}[AQgw]$/;
const blockBytes = 16;
/** A block: sequence number (7 bytes), kind, nonce (4), zeros (4). */
const kindAt = 7;
const nonceAt = 8;
const zerosAt = 12;
/** Most scopes whose ciphers are kept. */
const maxCached = 1_000;

/** True if `text` has the form of an id. {@link EventIds.decode} checks whether a store assigned it. */
export function isEventId(text: string): boolean {
  return syntax.test(text);
}

/**
 * The ids that the subscribers of one workflow see. An id is one encrypted block, and the key is derived from the
 * store's epoch and the workflow. Two properties follow:
 *
 * - Ids show neither numbers nor order. Sequence numbers count the logs of all workflows, so they would reveal to each
 *   tenant how much the others log.
 * - An id of another workflow, or of another epoch, does not decode.
 *
 * The id of an event is always the same. The id of a position differs each time, because otherwise a client could count
 * how often the newest position of the store changes.
 */
export class EventIds {
  /** Equal for instances that assign the same ids. Contains the epoch, which never leaves this process. */
  readonly key: string;
  readonly #block = Buffer.alloc(blockBytes);
  readonly #cipher: Cipheriv;
  readonly #decipher: Decipheriv;

  constructor(key: string) {
    this.key = key;
    const secret = createHash('sha256').update(key).digest().subarray(0, 16);
    // One block per id and no two different blocks alike, so ECB reveals nothing, and one cipher serves all ids.
    this.#cipher = createCipheriv('aes-128-ecb', secret, null).setAutoPadding(false);
    this.#decipher = createDecipheriv('aes-128-ecb', secret, null).setAutoPadding(false);
  }

  /** @param seq 0 to 2^53 - 1 */
  encode(seq: number, kind: LogIdKind = 'event'): string {
    const block = this.#block.fill(0);
    block.writeUInt32BE(Math.floor(seq / 2 ** 24), 0);
    block.writeUIntBE(seq % 2 ** 24, 4, 3);
    block[kindAt] = kinds.indexOf(kind);
    if (kind === 'position') randomBytes(4).copy(block, nonceAt);
    return this.#cipher.update(block).toString('base64url');
  }

  /** Returns undefined unless `id` is an id of one of `kinds` that was encoded for this workflow and epoch. */
  decode(id: string, ...wanted: LogIdKind[]): number | undefined {
    if (!syntax.test(id)) return undefined;
    const block = this.#decipher.update(Buffer.from(id, 'base64url'));
    const seq = block.readUInt32BE(0) * 2 ** 24 + block.readUIntBE(4, 3);
    const kind = kinds[block[kindAt] ?? kinds.length];
    const isOurs = block.readUInt32BE(zerosAt) === 0 && kind !== undefined && Number.isSafeInteger(seq);
    return isOurs && wanted.includes(kind) ? seq : undefined;
  }
}

/** Least recently used first. */
const cache = new Map<string, EventIds>();

/** Returns the ids of the filter's workflow, or of the whole store if the filter names none. */
export function eventIds(epoch: string, { workspaceID, workflowID }: LogFilter): EventIds {
  const key = JSON.stringify([epoch, workspaceID, workflowID]);
  const ids = cache.get(key) ?? new EventIds(key);
  cache.delete(key);
  cache.set(key, ids);
  for (const [oldest] of cache) {
    if (cache.size <= maxCached) break;
    cache.delete(oldest);
  }
  return ids;
}
