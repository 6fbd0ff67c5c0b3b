import { useTime } from '../ui/index.ts';
import { setFilters, useFilters } from './use-filters.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Buttons for the times that are asked for most. */
export function TimePresets() {
  const { from, to } = useFilters();
  const { toInput, fromInput } = useTime();
  const today = (time: string, now = Date.now()) => fromInput(`${toInput(now).slice(0, 10)}T${time}`)!;
  /** The last noon: in the morning, that of yesterday. */
  const noon = () => (today('12:00:00') <= Date.now() ? today('12:00:00') : today('12:00:00', today('12:00:00') - day));
  const presets = [
    { label: '15 min', from: () => Date.now() - 15 * minute },
    { label: '1 h', from: () => Date.now() - 60 * minute },
    { label: 'Since noon', from: noon, isFixed: true },
    { label: 'Today', from: () => today('00:00:00'), isFixed: true },
  ];
  const isChosen = (start: number) => to === '' && from === new Date(start).toISOString();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div className="time-presets" role="group" aria-label="Time">
      {presets.map(({ label, from: start, isFixed }) => (
        <button
          key={label}
          type="button"
          className="option"
          // Other presets move with the clock, so the start that they have set differs from their start a moment later.
          aria-pressed={isFixed && isChosen(start())}
          onClick={() => setFilters({ from: new Date(start()).toISOString(), to: '' })}
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
