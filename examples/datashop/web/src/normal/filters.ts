import { useMemo } from 'react';
import { adjust, useAddress } from '../address.ts';
import { isLevel, type Level } from '../log.ts';

export const pageSizes = [50, 100, 250] as const;

/** What the page's address says about which logs to show. */
export interface Filters {
  search: string;
  /** None means all. */
  levels: readonly Level[];
  /** ISO 8601, or '' for no bound. */
  from: string;
  to: string;
  size: number;
  /** The event id that the page begins at, '' for the newest. */
  upto: string;
}

/** The same object until one of them changes: other parts of the address ask for no other logs. */
export function useFilters(): Filters {
  const filters = JSON.stringify(read(useAddress()));
  return useMemo(() => JSON.parse(filters), [filters]);
}

function read(address: URLSearchParams): Filters {
  const get = (name: string) => address.get(name) ?? '';
  const size = Number(get('size'));
  return {
    search: get('q'),
    levels: get('level').split(',').filter(isLevel),
    from: isoOrNone(get('from')),
    to: isoOrNone(get('to')),
    size: pageSizes.find((known) => known === size) ?? 100,
    upto: get('upto'),
  };
}

/** Somebody may have typed it into the address bar. */
function isoOrNone(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}

/** Other logs are asked for: from their newest on. */
export function setFilters(change: Partial<Omit<Filters, 'upto'>>): void {
  const { search, levels, from, to, size } = change;
  adjust({
    ...(search !== undefined && { q: search }),
    ...(levels !== undefined && { level: levels.join() }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(size !== undefined && { size: String(size) }),
    upto: undefined,
  });
}

export const clearFilters = () => setFilters({ search: '', levels: [], from: '', to: '' });

export const isFiltered = ({ search, levels, from, to }: Filters) =>
  search !== '' || levels.length > 0 || from !== '' || to !== '';
