import { type Level, logLevels } from '../../log.ts';
import { count } from '../logic/messages.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** Switches for the levels, with the number of lines of each. */
export function LevelChips() {
  const viewer = useViewer();
  const { levels } = useViewState();
  const counts = useLive().view.levels;
  const toggle = (level: Level) => {
    const next = new Set(levels);
    if (!next.delete(level)) next.add(level);
    viewer.look({ levels: next });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div className="Stream-chips" role="group" aria-label="Levels shown">
      {logLevels.map((level) => (
        <button
          key={level}
          type="button"
          className="Stream-chip"
          data-level={level}
          aria-pressed={levels.has(level)}
          aria-label={`${level} ${count(counts[level], 'line')}`}
          onClick={() => toggle(level)}
        >
          <span className="Stream-dot" aria-hidden="true" />
          {level} <span className="Stream-count">{counts[level].toLocaleString('en')}</span>
        </button>
      ))}
    </div>
  );
}
