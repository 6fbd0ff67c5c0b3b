import { type Document, serialize } from 'bson';

const typeDocument = 0x03;
const typeArray = 0x04;
const batchNames = ['firstBatch', 'nextBatch'] as const;

/** Serializes a reply. The documents of a batch are given as bytes and are not serialized again. */
export function serializeReply(reply: Document): Uint8Array {
  const batchName = batchNames.find((name) => reply.cursor?.[name]);
  if (!batchName) return serialize(reply, { ignoreUndefined: true });
  const { cursor, ...others } = reply;
  const { [batchName]: batch, ...rest } = cursor;
  const elements = (batch as Uint8Array[]).map((bytes, index) => element(typeDocument, `${index}`, bytes));
  const cursorBytes = documentOf([element(typeArray, batchName, documentOf(elements)), elementsOf(rest)]);
  return documentOf([element(typeDocument, 'cursor', cursorBytes), elementsOf(others)]);
}

/** A BSON document that consists of these elements. */
function documentOf(elements: readonly Uint8Array[]): Buffer {
  const length = Buffer.alloc(4);
  const end = Buffer.alloc(1);
  const bytes = Buffer.concat([length, ...elements, end]);
  bytes.writeInt32LE(bytes.length, 0);
  return bytes;
}

function element(type: number, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value]);
}

/** The elements of a document: its bytes without the length in front and the end. */
function elementsOf(document: Document): Uint8Array {
  return serialize(document, { ignoreUndefined: true }).subarray(4, -1);
}
