import './segmented.css';
import { Glyph } from './glyph.tsx';

export interface SegmentedProps<T extends string> {
  /** Announced by screen readers, not shown. */
  legend: string;
  name: string;
  value: T;
  onChange: (value: T) => void;
  /** With an icon, the label is announced and shown on hover. */
  options: readonly { value: T; label: string; icon?: string }[];
}

/** A choice of one among a few, made of radio buttons so that keyboard and screen readers handle it natively. */
export function Segmented<T extends string>({ legend, name, value, onChange, options }: SegmentedProps<T>) {
  return (
    <fieldset className="segmented">
      <legend className="unseen">{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="segmented-option" title={option.icon && option.label}>
          <input
            type="radio"
            className="unseen"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.icon ? (
            <>
              <Glyph name={option.icon} />
              <span className="unseen">{option.label}</span>
            </>
          ) : (
            option.label
          )}
        </label>
      ))}
    </fieldset>
  );
}
