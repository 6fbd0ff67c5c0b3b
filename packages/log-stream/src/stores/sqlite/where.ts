import type { SQLInputValue } from 'node:sqlite';
import { logLevels } from '../../document.ts';
import { foldCase } from '../../filter.ts';
import type { LogFilter, LogLevel } from '../../types.ts';

/** Encodes a level as one bit, so that a set of levels is one bound number. */
export function levelBit(level: LogLevel): number {
  return 1 << logLevels.indexOf(level);
}

/** A condition and its values. The text depends only on which filters are set, so few statements are prepared. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** The condition for the logs of the filter's workflow, in SQL that needs no other columns than the index's first two. */
export function scopeOf({ workspaceID, workflowID }: LogFilter): Condition {
  return allOf(['workspace = ?', workspaceID], ['workflow = ?', workflowID]);
}

/**
 * The condition for everything that the filter demands besides its workflow; together with {@link scopeOf} equivalent to
 * `matcherOf`. `instr` searches text that JavaScript has folded, because LIKE has wildcards and ignores case for ASCII only.
 */
export function contentOf({ levels, fromMs, toMs, search }: LogFilter): Condition {
  return allOf(
    ['(level & ?) != 0', levels?.reduce((bits, level) => bits | levelBit(level), 0)],
    ['at >= ?', fromMs],
    ['at < ?', toMs],
    ['instr(haystack, ?) > 0', search ? foldCase(search) : undefined],
  );
}

/** Combines conditions; one without a value is left out. */
function allOf(...terms: readonly (readonly [sql: string, value: SQLInputValue | undefined])[]): Condition {
  const given = terms.filter(([, value]) => value !== undefined);
  return {
    sql: given.map(([sql]) => sql).join(' AND ') || 'true',
    values: given.map(([, value]) => value as SQLInputValue),
  };
}
