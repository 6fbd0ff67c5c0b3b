import { type Level, logLevels } from '../log.ts';
import { setFilters } from './filters.ts';
import './level-filter.css';

/** Selecting no level shows all levels, so that no selection hides everything. */
export function LevelFilter({ levels }: { levels: readonly Level[] }) {
  const toggle = (level: Level, on: boolean) =>
    setFilters({ levels: logLevels.filter((known) => (known === level ? on : levels.includes(known))) });
  return (
    <fieldset className="level-filter">
      <legend className="level-filter-legend">Level</legend>
      <div className="level-filter-options">
        {logLevels.map((level) => (
          <label key={level} className={`level-option level-option--${level}`}>
            <input
              type="checkbox"
              className="unseen"
              checked={levels.includes(level)}
              onChange={(event) => toggle(level, event.target.checked)}
            />
            <span className="level-option-dot" aria-hidden="true" />
            {level}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
