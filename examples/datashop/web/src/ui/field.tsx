import { Label } from '@innovaccer/design-system';
import { type ReactNode, useId } from 'react';
import './field.css';

export interface FieldProps {
  label: string;
  /** Shown below the field and announced with it. */
  error?: string | undefined;
  className?: string;
  children: (control: { id: string; 'aria-invalid': boolean; 'aria-describedby': string | undefined }) => ReactNode;
}

/** A control with its label and its validation error. */
export function Field({ label, error, className = '', children }: FieldProps) {
  const id = useId();
  const errorId = `${id}-error`;
  return (
    <div className={`field ${className}`}>
      <Label htmlFor={id} withInput>
        {label}
      </Label>
      {children({ id, 'aria-invalid': error !== undefined, 'aria-describedby': error ? errorId : undefined })}
      {error && (
        <p id={errorId} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}
