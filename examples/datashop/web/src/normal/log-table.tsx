import { useMedia, useTime } from '../ui/index.ts';
import './log-table.css';
import { TableRow } from './table-row.tsx';
import type { Row } from './use-log-page.ts';
import { useProgressive } from './use-progressive.ts';

export interface LogTableProps {
  rows: readonly Row[];
  search: string;
  /** True while the rows do not match the filters yet. */
  busy: boolean;
  onOpen: (id: string) => void;
}

/** The logs of a page. The browser lays out only the rows in view: `content-visibility` in the style sheet. */
export function LogTable({ rows, search, busy, onOpen }: LogTableProps) {
  const { zone, format } = useTime();
  const isNarrow = useMedia('(max-width: 720px)');
  const shown = useProgressive(rows);
  const columns = [zone === 'utc' ? 'Time (UTC)' : 'Time (local)', 'Level', 'Stage', 'Message', 'Duration', 'Run'];
  return (
    <div className={`log-table ${busy ? 'log-table--busy' : ''}`} aria-busy={busy}>
      {/* biome-ignore lint/a11y/useSemanticElements: `content-visibility` has no effect on the rows of a table */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
      <div role="table" aria-label="Logs, newest first" className="log-table-body" tabIndex={0}>
        {!isNarrow && (
          // biome-ignore lint/a11y/useSemanticElements: same reason as for the table
          // biome-ignore lint/a11y/useFocusableInteractive: a row of a table is no control
          <div role="row" className="log-row log-row--head">
            {columns.map((name) => (
              // biome-ignore lint/a11y/useSemanticElements: same reason as for the table
              // biome-ignore lint/a11y/useFocusableInteractive: a header is no control
              <span key={name} role="columnheader">
                {name}
              </span>
            ))}
          </div>
        )}
        {shown.map((row) => (
          <TableRow key={row.id} row={row} search={search} isNarrow={isNarrow} format={format} onOpen={onOpen} />
        ))}
      </div>
    </div>
  );
}
