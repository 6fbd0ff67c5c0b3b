import type { SQLInputValue } from 'node:sqlite';
import { logLevels } from '../../document.ts';
import { foldCase } from '../../filter.ts';
import type { LogFilter, LogLevel } from '../../log-store.ts';

/** Encodes a level as one bit, so that a set of levels is one bound number. */
export function levelBit(level: LogLevel): number {
  return 1 << logLevels.indexOf(level);
}

/** A condition and its values. The text depends only on which filters are set, so few statements are prepared. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** The condition for the logs of the filter's workflow; needs no other columns than the index's first two. */
export function scopeOf({ workspaceID, workflowID }: LogFilter): Condition {
  const terms = new Terms();
  terms.add('workspace = ?', workspaceID);
  terms.add('workflow = ?', workflowID);
  return terms;
}

/** True if the filter has a condition besides the workflow. */
export function hasContent({ levels, fromMs, toMs, stageName, execID, ...rest }: LogFilter): boolean {
  const isIndexed = [levels, fromMs, toMs, stageName, execID].some((value) => value !== undefined);
  return isIndexed || textsOf(rest).length > 0;
}

/** The texts that SQLite searches for in each row. */
export function textsOf({ search, exclude = [] }: LogFilter): readonly string[] {
  return search ? [search, ...exclude] : exclude;
}

/**
 * The condition for the logs in a range of numbers that match the filter, equivalent to `matcherOf`. `instr` searches
 * text that JavaScript has folded, because LIKE has wildcards and ignores case for ASCII only.
 */
export function whereOf(filter: LogFilter, { low, high }: { readonly low: number; readonly high: number }): Condition {
  const { workspaceID, workflowID, levels, fromMs, toMs, search, stageName, execID, exclude = [] } = filter;
  const terms = new Terms();
  terms.add('workspace = ?', workspaceID);
  terms.add('workflow = ?', workflowID);
  terms.add('seq > ?', low);
  terms.add('seq <= ?', high);
  terms.add(
    '(level & ?) != 0',
    levels?.reduce((bits, level) => bits | levelBit(level), 0),
  );
  terms.add('at >= ?', fromMs);
  terms.add('at < ?', toMs);
  terms.add('stage = ?', stageName);
  terms.add('run = ?', execID);
  if (search) terms.add('(instr(haystack, ?) > 0 OR run = ?)', foldCase(search), search.toWellFormed());
  for (const text of exclude) terms.add('instr(haystack, ?) = 0', foldCase(text));
  return terms;
}

/** Conditions that must all hold. */
class Terms implements Condition {
  sql = 'true';
  readonly values: SQLInputValue[] = [];

  /** Adds a condition; with an undefined value it adds nothing. */
  add(sql: string, ...values: readonly (SQLInputValue | undefined)[]): void {
    const known = values.filter((value) => value !== undefined);
    if (known.length < values.length) return;
    this.sql = this.values.length === 0 ? sql : `${this.sql} AND ${sql}`;
    this.values.push(...known);
  }
}
