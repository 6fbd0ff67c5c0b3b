import { type Document, deserialize } from 'bson';
import { serializeReply } from './reply-bytes.ts';

/** One command as it arrived. */
export interface WireRequest {
  readonly requestId: number;
  /** `query`: the legacy message with which drivers may say hello. */
  readonly kind: 'message' | 'query';
  /** The command with `$db`. Numbers are JavaScript numbers. */
  readonly command: Document;
  /** The same command; every number keeps its BSON type. */
  readonly exact: Document;
  /** The client wants no reply. */
  readonly moreToCome: boolean;
  /** The client accepts further replies without asking for them. */
  readonly exhaustAllowed: boolean;
}

export const maxMessageBytes = 48_000_000;

const headerBytes = 16;
const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
const flags = { checksumPresent: 1 << 0, moreToCome: 1 << 1, exhaustAllowed: 1 << 16 };
/** Unknown bits up to this one make a message invalid; those above are to be ignored. */
const requiredBits = 0xffff;

/** Reads a BSON document with JavaScript numbers: what filters and options are evaluated on. */
export function toPlain(bytes: Uint8Array): Document {
  const options = { validation: { utf8: false } };
  try {
    return deserialize(bytes, options);
  } catch {
    // A regular expression that JavaScript refuses.
    return deserialize(bytes, { ...options, bsonRegExp: true });
  }
}

/** Reads a BSON document such that `serialize` restores the type of every value. */
export function toExact(bytes: Uint8Array): Document {
  return deserialize(bytes, { promoteValues: false, bsonRegExp: true, validation: { utf8: false } });
}

/** Splits what was received into whole messages and the rest. Throws if a length is impossible. */
export function splitMessages(received: Buffer): { messages: Buffer[]; rest: Buffer } {
  const messages: Buffer[] = [];
  let start = 0;
  while (received.length - start >= headerBytes) {
    const length = received.readInt32LE(start);
    if (length < headerBytes || length > maxMessageBytes) throw new Error(`a message of ${length} bytes`);
    if (received.length - start < length) break;
    messages.push(received.subarray(start, start + length));
    start += length;
  }
  return { messages, rest: received.subarray(start) };
}

/** Parses one whole message. Throws if it is malformed: the server then closes the connection. */
export function parseMessage(message: Buffer): WireRequest {
  const requestId = message.readInt32LE(4);
  const code = message.readInt32LE(12);
  if (code === opMsg) return { requestId, kind: 'message', ...parseSections(message) };
  if (code === opQuery) return { requestId, kind: 'query', ...parseQuery(message) };
  throw new Error(`operation ${code} is not supported`);
}

function parseSections(message: Buffer) {
  const bits = message.readUInt32LE(headerBytes);
  const known = flags.checksumPresent | flags.moreToCome;
  if (bits & requiredBits & ~known) throw new Error(`unknown required flags ${bits & requiredBits & ~known}`);
  const end = message.length - (bits & flags.checksumPresent ? 4 : 0);
  let at = headerBytes + 4;
  let body: Buffer | undefined;
  const sequences: { name: string; documents: Buffer[] }[] = [];
  while (at < end) {
    const kind = message[at++];
    const size = message.readInt32LE(at);
    const section = message.subarray(at, at + size);
    at += size;
    if (kind === 0 && body === undefined) body = section;
    else if (kind === 1) sequences.push(parseSequence(section));
    else throw new Error(`unexpected section of kind ${kind}`);
  }
  if (!body || at !== end) throw new Error('an OP_MSG without exactly one body');
  const command = toPlain(body);
  const exact = toExact(body);
  for (const { name, documents } of sequences) {
    if (name in command) throw new Error(`the field ${name} is in the body and in a sequence`);
    command[name] = documents.map(toPlain);
    exact[name] = documents.map(toExact);
  }
  return {
    command,
    exact,
    moreToCome: (bits & flags.moreToCome) !== 0,
    exhaustAllowed: (bits & flags.exhaustAllowed) !== 0,
  };
}

function parseSequence(section: Buffer) {
  const nameEnd = section.indexOf(0, 4);
  const documents: Buffer[] = [];
  for (let at = nameEnd + 1; at < section.length; ) {
    const size = section.readInt32LE(at);
    documents.push(section.subarray(at, at + size));
    at += size;
  }
  return { name: section.toString('utf8', 4, nameEnd), documents };
}

function parseQuery(message: Buffer) {
  const nameEnd = message.indexOf(0, headerBytes + 4);
  const [database, collection] = message.toString('utf8', headerBytes + 4, nameEnd).split('.');
  if (collection !== '$cmd') throw new Error('legacy reads are not supported');
  const start = nameEnd + 1 + 8;
  const bytes = message.subarray(start, start + message.readInt32LE(start));
  const unwrap = (query: Document): Document => ({ ...(query.$query ?? query), $db: database });
  return {
    command: unwrap(toPlain(bytes)),
    exact: unwrap(toExact(bytes)),
    moreToCome: false,
    exhaustAllowed: false,
  };
}

/** Encodes the reply to a request, in the message format of the request. */
export function encodeReply(request: WireRequest, reply: Document, id: number, moreToCome = false): Buffer {
  const body = serializeReply(reply);
  const prefix = request.kind === 'message' ? messagePrefix(moreToCome) : replyPrefix();
  const header = Buffer.alloc(headerBytes);
  header.writeInt32LE(headerBytes + prefix.length + body.length, 0);
  header.writeInt32LE(id, 4);
  header.writeInt32LE(request.requestId, 8);
  header.writeInt32LE(request.kind === 'message' ? opMsg : opReply, 12);
  return Buffer.concat([header, prefix, body]);
}

function messagePrefix(moreToCome: boolean): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32LE(moreToCome ? flags.moreToCome : 0, 0);
  return prefix;
}

/** Flags (await-capable), cursor id 0, starting from 0, one document. */
function replyPrefix(): Buffer {
  const prefix = Buffer.alloc(20);
  prefix.writeInt32LE(8, 0);
  prefix.writeInt32LE(1, 16);
  return prefix;
}
