import { useMemo } from 'react';
import { adjust, useAddress } from '../address.ts';
import { isLevel, type Level } from '../log.ts';

export const pageSizes = [50, 100, 250] as const;

/** The filters in the page's address. */
export interface Filters {
  search: string;
  /** An empty list means all levels. */
  levels: readonly Level[];
  /** ISO 8601, or '' for no bound. */
  from: string;
  to: string;
  size: number;
  /** Id of the first event of the page, '' for the newest. */
  upTo: string;
}

/** Returns the same object until a filter changes, whatever else changes in the address. */
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
    upTo: get('up_to'),
  };
}

/** Accepts any date that the user may have typed into the address bar. */
function isoOrNone(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}

/** Changes filters and returns to the newest page. */
export function setFilters(change: Partial<Omit<Filters, 'upTo'>>): void {
  const { search, levels, from, to, size } = change;
  adjust({
    ...(search !== undefined && { q: search }),
    ...(levels !== undefined && { level: levels.join() }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(size !== undefined && { size: String(size) }),
    up_to: undefined,
  });
}

export const clearFilters = () => setFilters({ search: '', levels: [], from: '', to: '' });

export const isFiltered = ({ search, levels, from, to }: Filters) =>
  search !== '' || levels.length > 0 || from !== '' || to !== '';
