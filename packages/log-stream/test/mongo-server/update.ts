import { type Document, ObjectId } from 'bson';
import { CommandError, notBuilt } from './errors.ts';
import { matcher } from './matcher.ts';
import type { Call, ServerState } from './server-state.ts';
import type { Forms } from './stored-document.ts';

export const updateFields = ['updates', 'ordered', 'writeConcern', 'comment', 'bypassDocumentValidation', 'maxTimeMS'];

/** What one element of `updates` has changed. */
interface Outcome {
  readonly matched: number;
  /** The `_id` of the document that was inserted because none matched. */
  readonly upserted?: unknown;
}

/** Executes `update`: replacements and `$set`, of one document or of many, with `upsert`. */
export function update({ state, command, exact }: Call): Document {
  if (!Array.isArray(command.updates)) throw new CommandError(14, "'updates' must be an array");
  const namespace = `${command.$db}.${command.update}`;
  const outcomes = command.updates.map((plain, index) => runOne(state, namespace, plain, exact.updates[index]));
  const upserted = outcomes.flatMap((outcome, index) =>
    'upserted' in outcome ? [{ index, _id: outcome.upserted }] : [],
  );
  const matched = outcomes.reduce((sum, outcome) => sum + outcome.matched, 0);
  return {
    n: matched + upserted.length,
    nModified: matched,
    ...(upserted.length > 0 ? { upserted } : {}),
  };
}

function runOne(state: ServerState, namespace: string, plain: Document, exact: Document): Outcome {
  const { q, u, multi = false, upsert = false } = plain;
  const operators = Object.keys(u).filter((name) => name.startsWith('$'));
  const unknown = Array.isArray(u) ? 'a pipeline as update' : operators.find((name) => name !== '$set');
  if (unknown) throw notBuilt(unknown);
  const matches = matcher(q);
  const candidates = state.database.find(namespace)?.candidates(q) ?? [];
  const found = candidates.filter((document) => matches(document.plain)).slice(0, multi ? undefined : 1);
  for (const old of found) {
    if (operators.length === 0) replaceOne(state, namespace, old, { plain: u, exact: exact.u });
    else setFields(state, namespace, old, { plain: u.$set, exact: exact.u.$set });
  }
  if (found.length > 0 || !upsert) return { matched: found.length };
  const _id = u._id ?? (typeof q._id === 'object' && q._id?.$in ? undefined : q._id) ?? new ObjectId();
  const content = operators.length === 0 ? { plain: u, exact: exact.u } : { plain: u.$set, exact: exact.u.$set };
  state.database.insert(namespace, { plain: { _id, ...content.plain }, exact: { _id, ...content.exact } });
  return { matched: 0, upserted: _id };
}

function replaceOne(state: ServerState, namespace: string, old: Forms, content: Forms): void {
  state.database.replace(namespace, {
    plain: { ...content.plain, _id: old.plain._id },
    exact: { ...content.exact, _id: old.exact._id },
  });
}

function setFields(state: ServerState, namespace: string, old: Forms, fields: Forms): void {
  const dotted = Object.keys(fields.plain).find((path) => path.includes('.'));
  if (dotted) throw notBuilt(`the path ${dotted} in $set`);
  const updated = { plain: { ...old.plain, ...fields.plain }, exact: { ...old.exact, ...fields.exact } };
  state.database.replace(namespace, updated, fields.exact);
}
