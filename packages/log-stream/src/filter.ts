import type { LogDocument, LogEntry, LogFilter } from './log-store.ts';

/**
 * The text in which `search` and `exclude` are looked up. (`search` may also be a whole `execID`.) A store with its own
 * search must search the same text: otherwise a page and the live stream disagree, and a log between the two is lost or
 * duplicated. NUL separates the fields.
 */
export function haystackOf({ message, description, stageName }: LogDocument): string {
  return foldCase(`${textOf(message)}\0${textOf(description)}\0${textOf(stageName)}`);
}

/** In a database that other programs write, a document may have values of any type, or none. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const haystacks = new WeakMap<LogDocument, string>();

/** As {@link haystackOf}, computed once for all streams that search the same new log. */
function sharedHaystackOf(log: LogDocument): string {
  const known = haystacks.get(log);
  if (known !== undefined) return known;
  const haystack = haystackOf(log);
  haystacks.set(log, haystack);
  return haystack;
}

/** Normalises text before a comparison. Lone surrogates are replaced, because UTF-8 in a store cannot hold them. */
export function foldCase(text: string): string {
  return text.toWellFormed().toLowerCase();
}

/** Stands for the workflow of a document that names none, in a database that other programs write. */
const unknownScope = { workspaceID: '', workflowID: '' };

/**
 * Returns a predicate for the entries that match `filter`. For a log that can't be read, only the workflow is known.
 * Its gap matches every other condition, since the subscriber may miss a matching log.
 */
export function matcherOf(filter: LogFilter): (entry: LogEntry) => boolean {
  const needle = filter.search ? foldCase(filter.search) : undefined;
  const excluded = filter.exclude?.map(foldCase);
  const inScope = ({ workspaceID, workflowID }: { workspaceID: string; workflowID: string }) =>
    (filter.workflowID === undefined || filter.workflowID === workflowID) &&
    (filter.workspaceID === undefined || filter.workspaceID === workspaceID);
  return (entry) => {
    if (entry.log === undefined) return inScope(entry);
    const { log } = entry;
    return (
      inScope(log.meta ?? unknownScope) &&
      (filter.levels === undefined || filter.levels.includes(log.logLevel)) &&
      (filter.fromMs === undefined || filter.fromMs <= log.meta?.timestamp) &&
      (filter.toMs === undefined || log.meta?.timestamp < filter.toMs) &&
      (filter.stageName === undefined || log.stageName === filter.stageName) &&
      (filter.execID === undefined || log.meta?.execID === filter.execID) &&
      (needle === undefined || sharedHaystackOf(log).includes(needle) || log.meta?.execID === filter.search) &&
      (excluded === undefined || !excluded.some((text) => sharedHaystackOf(log).includes(text)))
    );
  };
}
