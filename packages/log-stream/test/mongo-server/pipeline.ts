import { type Document, EJSON } from 'bson';
import { CommandError, notBuilt } from './errors.ts';
import { matcher } from './matcher.ts';
import { type Deadline, runStages, select, sortDocuments } from './query.ts';
import type { Forms, StoredDocument } from './stored-document.ts';

/** Stages that may follow `$changeStream`. */
const eventStages = new Set([
  '$match',
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
  '$redact',
]);

type EventStep = (event: Forms) => Forms | undefined;

/** The stages that follow `$changeStream`, for one event at a time. */
export class EventPipeline {
  readonly #steps: readonly EventStep[];

  constructor(stages: readonly Document[]) {
    this.#steps = stages.map((stage) => {
      const name = nameOf(stage);
      if (!eventStages.has(name)) {
        throw new CommandError(20, `${name} is not permitted in a $changeStream pipeline`);
      }
      return name === '$match' ? matching(stage.$match) : transforming(stage);
    });
  }

  /** The event as it is sent, or undefined if it does not match. Throws 280 if a stage has changed the token. */
  run(event: Forms): Document | undefined {
    let result: Forms | undefined = event;
    for (const step of this.#steps) {
      result = step(result);
      if (!result) return undefined;
    }
    if (EJSON.stringify(result.plain._id) !== EJSON.stringify(event.plain._id)) {
      const text =
        'Encountered an event whose _id field, which contains the resume token, was modified by the pipeline.';
      throw new CommandError(
        280,
        `${text} Modifying the _id field of an event makes it impossible to resume the stream.`,
      );
    }
    return result.exact;
  }
}

function matching(filter: Document): EventStep {
  const matches = matcher(filter);
  return (event) => (matches(event.plain) ? event : undefined);
}

/** Expressions that compute with numbers see wrapped BSON numbers in the exact form: `$project` of fields is exact. */
function transforming(stage: Document): EventStep {
  return ({ exact, plain }) => {
    const [exactResult] = runStages([exact], [stage]);
    const [plainResult] = runStages([plain], [stage]);
    return exactResult && plainResult ? { exact: exactResult, plain: plainResult } : undefined;
  };
}

/** Runs a pipeline over a collection's documents. */
export function runPipeline(
  documents: readonly StoredDocument[],
  stages: readonly Document[],
  deadline: Deadline,
): (Document | Uint8Array)[] {
  let rows = documents;
  for (const [index, stage] of stages.entries()) {
    deadline.check();
    const name = nameOf(stage);
    if (name === '$match') rows = select(rows, stage.$match, deadline);
    else if (name === '$sort') rows = sortDocuments(rows, stage.$sort);
    else if (name === '$skip') rows = rows.slice(stage.$skip);
    else if (name === '$limit') rows = rows.slice(0, stage.$limit);
    else if (name === '$changeStream') throw new CommandError(40602, '$changeStream must be the first stage');
    else if (['$out', '$merge', '$lookup', '$unionWith', '$graphLookup'].includes(name)) throw notBuilt(name);
    else if (name === '$project' && index === stages.length - 1) {
      return runStages(
        rows.map(({ exact }) => exact),
        [stage],
      );
    } else {
      return runStages(
        rows.map(({ plain }) => plain),
        stages.slice(index),
      );
    }
  }
  return rows.map(({ bytes }) => bytes);
}

function nameOf(stage: Document): string {
  const names = Object.keys(stage);
  if (names.length !== 1) {
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  return names[0]!;
}
