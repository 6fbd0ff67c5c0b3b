import { type Document, ObjectId } from 'bson';
import type { WriteIdentity } from './database.ts';
import { CommandError } from './errors.ts';
import { matcher } from './matcher.ts';
import type { Call, ServerState } from './server-state.ts';
import type { Forms, StoredDocument } from './stored-document.ts';

const maxDocumentsPerWrite = 100_000;

export const insertFields = [
  'documents',
  'ordered',
  'writeConcern',
  'comment',
  'bypassDocumentValidation',
  'maxTimeMS',
];
export const deleteFields = ['deletes', 'ordered', 'writeConcern', 'comment', 'maxTimeMS', 'let'];

/** Executes `insert`. A write that is sent again is not executed again. */
export function insert({ state, command, exact }: Call): Document {
  const { documents, ordered = true } = command;
  if (typeof command.insert !== 'string') throw new CommandError(2, 'collection name has invalid type');
  if (!Array.isArray(documents) || documents.length === 0 || documents.length > maxDocumentsPerWrite) {
    throw new CommandError(2, `Write batch sizes must be between 1 and ${maxDocumentsPerWrite}`);
  }
  const identity = identityOf(state, command);
  const executed = identity && state.database.executed(identity);
  if (executed !== undefined) return { n: executed, retriedStmtIds: documents.map((_, index) => index) };
  const namespace = `${command.$db}.${command.insert}`;
  const writeErrors: Document[] = [];
  let inserted = 0;
  for (const [index, plain] of documents.entries()) {
    try {
      state.database.insert(namespace, withId({ plain, exact: exact.documents[index] }));
      inserted++;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      writeErrors.push(writeError(index, error, plain));
      if (ordered) break;
    }
  }
  if (identity) state.database.remember(identity, inserted);
  return { n: inserted, ...(writeErrors.length > 0 ? { writeErrors } : {}) };
}

/** Gives a document without `_id` one, as the server does. */
export function withId(document: Forms): Forms {
  if (document.plain._id !== undefined) return document;
  const _id = new ObjectId();
  return { plain: { _id, ...document.plain }, exact: { _id, ...document.exact } };
}

function writeError(index: number, { code, message }: CommandError, document: Document): Document {
  return { index, code, errmsg: message, keyPattern: { _id: 1 }, keyValue: { _id: document._id } };
}

function identityOf(state: ServerState, { txnNumber, lsid }: Document): WriteIdentity | undefined {
  if (txnNumber === undefined) return undefined;
  if (!state.replicaSet) {
    throw new CommandError(20, 'Transaction numbers are only allowed on a replica set member or mongos');
  }
  return { session: lsid.id.toHexString(), number: Number(txnNumber) };
}

/** Executes `delete`. */
export function remove({ state, command }: Call): Document {
  if (!Array.isArray(command.deletes)) throw new CommandError(14, "'deletes' must be an array");
  const namespace = `${command.$db}.${command.delete}`;
  let n = 0;
  for (const { q, limit } of command.deletes) n += removeMatching(state, namespace, q, limit === 1 ? 1 : undefined);
  return { n };
}

/** Removes the documents that match and returns how many there were. */
export function removeMatching(state: ServerState, namespace: string, filter: Document, limit?: number): number {
  const matches = matcher(filter);
  const candidates: StoredDocument[] = state.database.find(namespace)?.candidates(filter) ?? [];
  const doomed = candidates.filter(({ plain }) => matches(plain)).slice(0, limit);
  for (const { plain } of doomed) state.database.remove(namespace, plain._id);
  return doomed.length;
}

/** Executes `drop`. */
export function drop({ state, command }: Call): Document {
  const namespace = `${command.$db}.${command.drop}`;
  const nIndexesWas = state.database.find(namespace)?.indexes.length;
  // Since MongoDB 7.0, dropping what does not exist is no error.
  return state.database.drop(namespace) ? { nIndexesWas, ns: namespace } : {};
}

/** Executes `dropDatabase`. */
export function dropDatabase({ state, command }: Call): Document {
  for (const namespace of state.database.namespaces(`${command.$db}.`)) state.database.drop(namespace);
  return { dropped: command.$db };
}
