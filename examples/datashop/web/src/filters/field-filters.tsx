import { useEffect, useState } from 'react';
import { Field } from '../ui/index.ts';
import { DateRange } from './date-range.tsx';
import './field-filters.css';
import { maxTextChars } from './log-filter.ts';
import { TimePresets } from './time-presets.tsx';
import { setFilters, useFilters } from './use-filters.ts';

/** Filters by time, run and stage. */
export function FieldFilters() {
  const { from, to, run, stage } = useFilters();
  return (
    <div className="field-filters">
      <TimePresets />
      <DateRange key={from || to ? 'bounded' : 'all'} from={from} to={to} />
      <TextFilter label="Run" value={run} onChange={(value) => setFilters({ run: value })} />
      <TextFilter label="Stage" value={stage} onChange={(value) => setFilters({ stage: value })} />
    </div>
  );
}

/** Applied by Enter and when the field is left: a part of a run's number is another run. */
function TextFilter({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const apply = () => onChange(text.trim());
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          className="field-input field-filters-text"
          maxLength={maxTextChars}
          autoComplete="off"
          spellCheck={false}
          placeholder="All"
          value={text}
          onChange={({ target }) => setText(target.value)}
          onBlur={apply}
          onKeyDown={({ key }) => key === 'Enter' && apply()}
        />
      )}
    </Field>
  );
}
