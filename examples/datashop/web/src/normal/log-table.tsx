import { memo, useMemo } from 'react';
import { useMedia, useTime } from '../ui/index.ts';
import { CellProvider, Duration, Level, Message, Run, Stage, Time } from './cells.tsx';
import './log-table.css';
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
  const { zone } = useTime();
  const isNarrow = useMedia('(max-width: 720px)');
  const shown = useProgressive(rows);
  const context = useMemo(() => ({ search, onOpen }), [search, onOpen]);
  const columns = [zone === 'utc' ? 'Time (UTC)' : 'Time (local)', 'Level', 'Stage', 'Message', 'Duration', 'Run'];
  return (
    <div className={`log-table ${busy ? 'log-table--busy' : ''}`} aria-busy={busy}>
      <CellProvider value={context}>
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
            <TableRow key={row.id} row={row} isNarrow={isNarrow} onOpen={onOpen} />
          ))}
        </div>
      </CellProvider>
    </div>
  );
}

const cells = [Time, Level, Stage, Message, Duration, Run];

const TableRow = memo(function TableRow({
  row,
  isNarrow,
  onOpen,
}: {
  row: Row;
  isNarrow: boolean;
  onOpen: (id: string) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: same reason as for the table
    // biome-ignore lint/a11y/useFocusableInteractive: the link inside handles the keyboard
    // biome-ignore lint/a11y/useKeyWithClickEvents: the link inside handles the keyboard
    <div
      role="row"
      className={isNarrow ? 'log-row log-row--narrow' : 'log-row'}
      data-level={row.log.logLevel}
      onClick={() => getSelection()?.isCollapsed !== false && onOpen(row.id)}
    >
      {cells.map((Cell) => (
        // biome-ignore lint/a11y/useSemanticElements: same reason as for the table
        <span key={Cell.name} role="cell" className="log-cell">
          <Cell row={row} />
        </span>
      ))}
    </div>
  );
});
