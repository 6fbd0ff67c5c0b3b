/*
 * Chunks are gathered and then written in one go, as reads are (read-batch.ts): the code that handles events and the
 * code that writes to sockets would otherwise evict each other from the CPU caches at every event.
 * docs/where-the-time-goes.md has the measurements.
 */

/** The owner of chunks in the batch. */
export interface ChunkTransmitter {
  /**
   * True if its socket may keep a reference to a chunk after `write()` returns, so that its memory must not be reused.
   */
  readonly retainsChunk: boolean;
  /** True if other transmitters are sent the same bytes. */
  readonly isShared: boolean;
  /** Writes the chunk. Must not throw. Returns true if the socket keeps a reference to it. */
  transmit(chunk: Buffer): boolean;
}

const slabBytes = 16_384;
const maxSlabs = 16;
/** Larger batches would evict their first chunks from the caches before they are written. */
const maxWaiting = 32;

// Chunks are framed in slabs that are reused once the kernel has copied them. A buffer per event would be garbage
// outside the heap. A slab that is still referenced by a socket is dropped from the pool.
let slabs: Buffer[] = [];
let slab = 0;
let used = 0;

// Entries are cleared as they are sent. The arrays never shrink: growing them again would cost in each batch.
const transmitters: (ChunkTransmitter | undefined)[] = [];
const chunks: (Buffer | undefined)[] = [];
let waiting = 0;
let next = 0;
let isDue = false;

// Browsers of a shared feed are sent the same bytes one after another, which are framed only once.
let lastBytes: Buffer | undefined;
let lastChunk: Buffer | undefined;

/**
 * Sends `bytes` as one chunk: at the end of the current microtask queue, or at once if it is large or the batch is
 * full. `bytes` may change afterwards.
 */
export function writeChunk(transmitter: ChunkTransmitter, bytes: Buffer): void {
  const isLarge = bytes.length > slabBytes / 2;
  if (isLarge || waiting === maxWaiting) sendChunks();
  const chunk = lastChunk && bytes === lastBytes ? lastChunk : frameChunk(bytes, isLarge || transmitter.retainsChunk);
  if (transmitter.isShared) {
    lastBytes = bytes;
    lastChunk = chunk;
  }
  transmitters[waiting] = transmitter;
  chunks[waiting++] = chunk;
  if (isLarge) sendChunks();
  else if (!isDue) {
    isDue = true;
    queueMicrotask(sendChunks);
  }
}

/** Writes all batched chunks. Call it before a transmitter's socket is used in any other way. */
export function sendChunks(): void {
  isDue = false;
  if (waiting === 0) return;
  while (next < waiting) sendNext();
  waiting = 0;
  next = 0;
  slab = 0;
  used = 0;
  lastBytes = undefined;
  lastChunk = undefined;
}

function sendNext(): void {
  const transmitter = transmitters[next] as ChunkTransmitter;
  const chunk = chunks[next] as Buffer;
  transmitters[next] = undefined;
  chunks[next++] = undefined;
  if (transmitter.transmit(chunk)) dropSlab(chunk);
}

/** [spec] RFC 9112 §7.1 */
function frameChunk(bytes: Buffer, isOwned: boolean): Buffer {
  const size = bytes.length.toString(16);
  const start = size.length + 2;
  const end = start + bytes.length;
  const chunk = isOwned ? Buffer.allocUnsafe(end + 2) : allocate(end + 2);
  for (let i = 0; i < size.length; i++) chunk[i] = size.charCodeAt(i);
  chunk[start - 2] = 0x0d;
  chunk[start - 1] = 0x0a;
  bytes.copy(chunk, start);
  chunk[end] = 0x0d;
  chunk[end + 1] = 0x0a;
  return chunk;
}

function allocate(length: number): Buffer {
  if (used + length > slabBytes) {
    if (slab + 1 === maxSlabs) sendChunks();
    else slab++;
    used = 0;
  }
  slabs[slab] ??= Buffer.allocUnsafeSlow(slabBytes);
  const start = used;
  used += length;
  return (slabs[slab] as Buffer).subarray(start, used);
}

function dropSlab(chunk: Buffer): void {
  const kept = slabs.filter(({ buffer }) => buffer !== chunk.buffer);
  if (kept.length < slabs.length) slabs = kept;
}
