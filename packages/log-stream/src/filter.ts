import type { LogDocument, LogFilter } from './types.ts';

/**
 * What `search` looks into. A store that searches by itself must search this same text: a log that a page finds and the
 * live flow doesn't (or the other way round) would be lost or doubled between the two. NUL keeps the fields apart.
 */
export function haystackOf(log: LogDocument): string {
  return foldCase(`${log.message}\0${log.description}\0${log.stageName}`);
}

/** How text is made equal before it is compared. Lone surrogates go, since no store's UTF-8 can hold them. */
export function foldCase(text: string): string {
  return text.toWellFormed().toLowerCase();
}

/** Makes a test for logs that `filter` lets through. */
export function matcherOf(filter: LogFilter): (log: LogDocument) => boolean {
  const needle = filter.search ? foldCase(filter.search) : undefined;
  return (log) =>
    (filter.workflowID === undefined || filter.workflowID === log.meta.workflowID) &&
    (filter.workspaceID === undefined || filter.workspaceID === log.meta.workspaceID) &&
    (filter.levels === undefined || filter.levels.includes(log.logLevel)) &&
    (filter.fromMs === undefined || filter.fromMs <= log.meta.timestamp) &&
    (filter.toMs === undefined || log.meta.timestamp < filter.toMs) &&
    (needle === undefined || haystackOf(log).includes(needle));
}
