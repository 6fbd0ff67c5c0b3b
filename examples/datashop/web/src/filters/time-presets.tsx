import { useTime } from '../ui/index.ts';
import { setFilters, useFilters } from './use-filters.ts';

const minute = 60_000;

/** Buttons for the times that are asked for most. */
export function TimePresets() {
  const { from, to } = useFilters();
  const { toInput, fromInput } = useTime();
  const startOfDay = () => fromInput(`${toInput(Date.now()).slice(0, 10)}T00:00:00`)!;
  const presets = [
    { label: '15 min', from: () => Date.now() - 15 * minute },
    { label: '1 h', from: () => Date.now() - 60 * minute },
    { label: 'Today', from: startOfDay },
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div className="time-presets" role="group" aria-label="Time">
      {presets.map(({ label, from }) => (
        <button
          key={label}
          type="button"
          className="option"
          onClick={() => setFilters({ from: new Date(from()).toISOString(), to: '' })}
        >
          {label}
        </button>
      ))}
      <button
        type="button"
        className="option"
        aria-pressed={from === '' && to === ''}
        onClick={() => setFilters({ from: '', to: '' })}
      >
        All
      </button>
    </div>
  );
}
