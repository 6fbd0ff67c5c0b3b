import { type ChangeEvent, useState } from 'react';
import { Field, type TimeZone, useTime } from '../ui/index.ts';
import { setFilters } from './use-filters.ts';

interface Draft {
  from: string;
  to: string;
  /** The values that the inputs were filled from. If they differ, the inputs are filled again. */
  source: string;
  errors: { from?: string; to?: string };
}

const incomplete = 'Enter a whole date and time, or clear the field.';
const reversed = 'This is not after “From”.';

/** Both ends are local times in the chosen time zone. An invalid range is shown as an error and not applied. */
export function DateRange({ from, to }: { from: string; to: string }) {
  const { zone, toInput, fromInput } = useTime();
  const source = `${zone} ${from} ${to}`;
  const filled = (): Draft => {
    const text = (iso: string) => (iso ? toInput(Date.parse(iso)) : '');
    return { from: text(from), to: text(to), source, errors: {} };
  };
  const [draft, setDraft] = useState(filled);
  if (draft.source !== source) setDraft(filled());

  const change = (end: 'from' | 'to') => (event: ChangeEvent<HTMLInputElement>) => {
    const { value, validity } = event.target;
    const next = { ...draft, [end]: value, errors: {} as Draft['errors'] };
    if (validity.badInput || (value && fromInput(value) === undefined)) next.errors[end] = incomplete;
    const fromMs = fromInput(next.from);
    const toMs = fromInput(next.to);
    if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) next.errors.to = reversed;
    const bad = next.errors.from ?? next.errors.to;
    if (bad) return setDraft(next);
    const applied = { from: iso(fromMs), to: iso(toMs) };
    setDraft({ ...next, source: `${zone} ${applied.from} ${applied.to}` });
    setFilters(applied);
  };

  return (
    <div className="filters-range">
      {(['from', 'to'] as const).map((end) => (
        <Field key={end} label={`${endLabels[end]} (${zoneTexts[zone]})`} error={draft.errors[end]}>
          {(control) => (
            <input
              {...control}
              className="field-input filters-date"
              type="datetime-local"
              step="1"
              max="9999-12-31T23:59:59"
              value={draft[end]}
              onChange={change(end)}
            />
          )}
        </Field>
      ))}
    </div>
  );
}

const endLabels = { from: 'From', to: 'To' } as const;
const zoneTexts: Record<TimeZone, string> = { local: 'local', utc: 'UTC' };

const iso = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString());
