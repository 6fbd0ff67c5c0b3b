import { Table } from '@innovaccer/design-system';
import { useMemo, useRef } from 'react';
import { useMedia, useTime } from '../ui/index.ts';
import { CellProvider } from './cells.tsx';
import { columns } from './columns.tsx';
import './log-table.css';
import { useTableRoles } from './table-roles.ts';
import type { Row } from './use-log-page.ts';

export interface LogTableProps {
  rows: readonly Row[];
  search: string;
  /** True while the rows do not match the filters yet. */
  busy: boolean;
  onOpen: (id: string) => void;
}

let revisions = 0;

export function LogTable({ rows, search, busy, onOpen }: LogTableProps) {
  const ref = useRef<HTMLDivElement>(null);
  const { zone } = useTime();
  const narrow = useMedia('(max-width: 720px)');
  const schema = useMemo(() => columns(zone, narrow), [zone, narrow]);
  // The table writes into its rows, so it gets copies.
  const data = useMemo(() => rows.map((row) => ({ ...row })), [rows]);
  const cells = useMemo(() => ({ search, onOpen }), [search, onOpen]);
  useTableRoles(ref, 'Logs, newest first');
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows and columns are triggers: each change makes a new table
  const revision = useMemo(() => ++revisions, [data, schema]);
  return (
    <div className={`log-table ${busy ? 'log-table--busy' : ''}`} ref={ref} aria-busy={busy}>
      <CellProvider value={cells}>
        <Table
          // The table ignores changed rows and columns: another key makes a new table.
          key={revision}
          type="resource"
          size="tight"
          data={data}
          schema={schema}
          showHead={!narrow}
          showMenu={false}
          draggable={false}
          withHeader={false}
          withPagination={false}
          onRowClick={({ id }) => onOpen(id)}
        />
      </CellProvider>
    </div>
  );
}
