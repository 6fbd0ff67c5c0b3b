import { type LevelGroup, levelGroups } from '../../log.ts';
import { count } from '../logic/messages.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

const labels: Partial<Record<LevelGroup, string>> = { OTHER: 'Other' };
const titles: Partial<Record<LevelGroup, string>> = {
  ERROR: 'ERROR, FATAL and CRITICAL, and the lines without a level that follow one',
  OTHER: 'Lines with another level, and lines without a level that follow none with a level',
};

/** Switches for the levels, with the number of lines of each. */
export function LevelChips() {
  const viewer = useViewer();
  const { levels } = useViewState();
  const { counts } = useLive().view;
  // Most streams have no other level: its switch appears with the first such line, and stays while it is off.
  const groups = levelGroups.filter((group) => group !== 'OTHER' || counts.OTHER > 0 || !levels.has('OTHER'));
  const toggle = (group: LevelGroup) => {
    const next = new Set(levels);
    if (!next.delete(group)) next.add(group);
    viewer.look({ levels: next });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div className="Stream-chips" role="group" aria-label="Levels shown">
      {groups.map((group) => (
        <button
          key={group}
          type="button"
          className="Stream-chip"
          data-level={group}
          aria-pressed={levels.has(group)}
          aria-label={`${labels[group] ?? group} ${count(counts[group], 'line')}`}
          title={titles[group]}
          onClick={() => toggle(group)}
        >
          <span className="Stream-dot" aria-hidden="true" />
          {labels[group] ?? group} <span className="Stream-count">{counts[group].toLocaleString('en')}</span>
        </button>
      ))}
    </div>
  );
}
