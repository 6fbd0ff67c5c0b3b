import { useMemo } from 'react';
import { adjust, useAddress } from '../address.ts';
import type { LogQuery } from '../api.ts';
import { type LogFilter, serviceLevels } from '../filters/log-filter.ts';
import { useFilters } from '../filters/use-filters.ts';

export const pageSizes = [50, 100, 250] as const;

/** What one page shows. */
export interface PageRequest {
  readonly filter: LogFilter;
  readonly size: number;
  /** Id of the first event of the page, '' for the newest. */
  readonly upTo: string;
}

/** The same object until a part of it changes, whatever else changes in the address. */
export function usePageRequest(): PageRequest {
  const filter = useFilters();
  const address = useAddress();
  const given = Number(address.get('size'));
  const size = pageSizes.find((known) => known === given) ?? 100;
  const upTo = address.get('up_to') ?? '';
  return useMemo(() => ({ filter, size, upTo }), [filter, size, upTo]);
}

/** Returns to the newest page. */
export function setPageSize(size: number): void {
  adjust({ size: String(size), up_to: undefined });
}

/** Null if no log can match: the log service has neither regular expressions nor levels other than its four. */
export function queryOf(filter: LogFilter): LogQuery | null {
  const levels = serviceLevels(filter);
  if (levels?.length === 0 || isPattern(filter)) return null;
  const { text, from, to, run, stage, exclude } = filter;
  return { levels, search: text.trim(), from, to, run, stage, exclude };
}

/** True if the search is a regular expression. */
export const isPattern = ({ regex, text }: LogFilter): boolean => regex && text !== '';
