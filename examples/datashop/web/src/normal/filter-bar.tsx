import { Button } from '@innovaccer/design-system';
import { DateRange } from './date-range.tsx';
import './filter-bar.css';
import { clearFilters, type Filters, isFiltered } from './filters.ts';
import { LevelFilter } from './level-filter.tsx';
import { SearchField } from './search-field.tsx';

export interface FilterBarProps {
  filters: Filters;
  onRefresh: () => void;
}

export function FilterBar({ filters, onRefresh }: FilterBarProps) {
  return (
    <search className="filters">
      <SearchField search={filters.search} />
      <LevelFilter levels={filters.levels} />
      <DateRange key={isFiltered(filters) ? 'filtered' : 'all'} from={filters.from} to={filters.to} />
      <div className="filters-actions">
        {isFiltered(filters) && (
          <Button appearance="transparent" icon="filter_alt_off" onClick={clearFilters}>
            Clear filters
          </Button>
        )}
        <Button icon="refresh" onClick={onRefresh}>
          Refresh
        </Button>
      </div>
    </search>
  );
}
