import { Button } from '@innovaccer/design-system';
import { useId } from 'react';
import { Download } from './download.tsx';
import { pageSizes, setPageSize } from './filters.ts';
import './pager.css';
import type { View } from './use-log-page.ts';

export interface PagerProps {
  view: View;
  onNewest: () => void;
  onNewer: () => void;
  onOlder: () => void;
}

const number = (value: number) => value.toLocaleString('en');

export function Pager({ view, onNewest, onNewer, onOlder }: PagerProps) {
  const sizeId = useId();
  const { request, rows, first, total, olderId } = view;
  const atNewest = first <= 1;
  return (
    <nav className="pager" aria-label="Pages">
      <p className="pager-place" role="status">
        <b>{`${number(first)}–${number(first + rows.length - 1)}`}</b> of {number(total)} logs
      </p>
      <Download {...request} />
      <div className="pager-size">
        <label htmlFor={sizeId}>Logs a page</label>
        <select
          id={sizeId}
          className="field-input"
          value={request.size}
          onChange={(event) => setPageSize(Number(event.target.value))}
        >
          {pageSizes.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      </div>
      <div className="pager-steps">
        <Step label="Newest" icon="first_page" off={atNewest} onClick={onNewest} />
        <Step label="Newer" icon="chevron_left" off={atNewest} onClick={onNewer} />
        <Step label="Older" icon="chevron_right" iconAlign="right" off={olderId === undefined} onClick={onOlder} />
      </div>
    </nav>
  );
}

interface StepProps {
  label: string;
  icon: string;
  iconAlign?: 'left' | 'right';
  off: boolean;
  onClick: () => void;
}

/** Uses aria-disabled, because `disabled` would drop the focus when the last page is reached. */
function Step({ label, icon, iconAlign = 'left', off, onClick }: StepProps) {
  return (
    <Button icon={icon} iconAlign={iconAlign} aria-disabled={off} onClick={() => !off && onClick()}>
      {label}
    </Button>
  );
}
