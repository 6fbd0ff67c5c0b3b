import { Button } from '@innovaccer/design-system';
import { useState } from 'react';
import { ActiveFilters } from '../filters/active-filters.tsx';
import { FieldFilters } from '../filters/field-filters.tsx';
import { LevelChips } from '../filters/level-chips.tsx';
import { isFiltered } from '../filters/log-filter.ts';
import { clearFilters, useFilters } from '../filters/use-filters.ts';
import { useMedia } from '../ui/index.ts';
import type { Volume } from '../volume/volume.ts';
import './filter-bar.css';
import { SearchField } from './search-field.tsx';

export interface FilterBarProps {
  volume: Volume;
  isCounted: boolean;
  onRefresh: () => void;
}

export function FilterBar({ volume: { counts }, isCounted, onRefresh }: FilterBarProps) {
  const filter = useFilters();
  const isNarrow = useMedia('(max-width: 720px)');
  const [isOpen, setOpen] = useState(false);
  const sum = (lines: readonly number[]) => lines.reduce((total, each) => total + each, 0);
  const { DEBUG, INFO, WARN, ERROR } = counts;
  return (
    <search className="filters">
      <SearchField search={filter.text} />
      <LevelChips
        counts={{ DEBUG: sum(DEBUG), INFO: sum(INFO), WARN: sum(WARN), ERROR: sum(ERROR) }}
        // A level that is switched off is not counted.
        isCounted={isCounted && filter.levels.size >= 4}
      />
      <div className="filters-actions">
        {isFiltered(filter) && (
          <Button appearance="transparent" icon="filter_alt_off" onClick={clearFilters}>
            Clear filters
          </Button>
        )}
        {isNarrow && (
          <button type="button" className="option" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            Time, run, stage
          </button>
        )}
        <Button icon="refresh" onClick={onRefresh}>
          Refresh
        </Button>
      </div>
      {(isOpen || !isNarrow) && (
        <div className="filters-fields">
          <FieldFilters />
        </div>
      )}
      <ActiveFilters />
    </search>
  );
}
