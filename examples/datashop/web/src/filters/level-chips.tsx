import { type LevelGroup, levelGroups } from '../log.ts';
import './level-chips.css';
import { toggleLevel } from './log-filter.ts';
import { setFilters, useFilters } from './use-filters.ts';

export interface LevelChipsProps {
  /** Lines of each level; a group that is missing has no switch. */
  counts: Partial<Readonly<Record<LevelGroup, number>>>;
  /** False while the numbers are not known. */
  isCounted: boolean;
}

const labels: Partial<Record<LevelGroup, string>> = { OTHER: 'Other' };
const titles: Partial<Record<LevelGroup, string>> = {
  ERROR: 'ERROR, FATAL and CRITICAL, and the lines without a level that follow one',
  OTHER: 'Lines with another level, and lines without a level that follow none with a level',
};

/** Switches for the levels, with the number of lines of each: a pressed one is shown. "Only" hides all others. */
export function LevelChips({ counts, isCounted }: LevelChipsProps) {
  const { levels } = useFilters();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div className="level-chips" role="group" aria-label="Levels shown">
      {levelGroups
        .filter((group) => counts[group] !== undefined)
        .map((group) => {
          const lines = counts[group]!;
          const label = labels[group] ?? group;
          return (
            <span key={group} className="level-chip-group">
              <button
                type="button"
                className="level-chip"
                data-level={group}
                aria-pressed={levels.has(group)}
                aria-label={
                  isCounted ? `${label} ${lines.toLocaleString('en')} ${lines === 1 ? 'line' : 'lines'}` : label
                }
                title={titles[group]}
                onClick={() => setFilters({ levels: toggleLevel(levels, group) })}
              >
                <span className="level-chip-dot" aria-hidden="true" />
                {label} {isCounted && <span className="level-chip-count">{lines.toLocaleString('en')}</span>}
              </button>
              <button
                type="button"
                className="level-only"
                aria-label={`Only ${label}`}
                aria-pressed={levels.size === 1 && levels.has(group)}
                onClick={() => setFilters({ levels: toggleLevel(levels, group, true) })}
              >
                only
              </button>
            </span>
          );
        })}
    </div>
  );
}
