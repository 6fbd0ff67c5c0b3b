import { Glyph, useTime } from '../ui/index.ts';
import './active-filters.css';
import type { LogFilter } from './log-filter.ts';
import { clearFilters, setFilters, useFilters } from './use-filters.ts';

interface Active {
  label: string;
  /** The change that removes this filter. */
  without: Partial<LogFilter>;
}

/** The filters that have no control of their own on the page, each with a button that removes it. */
export function ActiveFilters() {
  const filter = useFilters();
  const { format } = useTime();
  const active = activeFilters(filter, (iso) => format(Date.parse(iso)).slice(0, 19));
  if (active.length === 0) return null;
  return (
    <ul className="active-filters" aria-label="Filters">
      {active.map(({ label, without }) => (
        <li key={label}>
          <button
            type="button"
            className="active-filter"
            aria-label={`Remove the filter: ${label}`}
            onClick={() => setFilters(without)}
          >
            <span className="active-filter-text">{label}</span>
            <Glyph name="close" />
          </button>
        </li>
      ))}
      <li>
        <button type="button" className="link-button" onClick={clearFilters}>
          Clear all
        </button>
      </li>
    </ul>
  );
}

function activeFilters({ from, to, run, stage, exclude }: LogFilter, time: (iso: string) => string): Active[] {
  const active: Active[] = [];
  if (run !== '') active.push({ label: `Run ${run}`, without: { run: '' } });
  if (stage !== '') active.push({ label: `Stage ${stage}`, without: { stage: '' } });
  if (from !== '' || to !== '') {
    const label =
      from === '' ? `Before ${time(to)}` : to === '' ? `Since ${time(from)}` : `${time(from)} – ${time(to)}`;
    active.push({ label, without: { from: '', to: '' } });
  }
  for (const text of exclude)
    active.push({ label: `Without “${text}”`, without: { exclude: exclude.filter((each) => each !== text) } });
  return active;
}
