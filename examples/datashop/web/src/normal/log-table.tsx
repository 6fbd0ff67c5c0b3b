import { Table } from '@innovaccer/design-system';
import { useEffect, useMemo, useRef } from 'react';
import { useMedia, useTime } from '../ui/index.ts';
import { CellProvider } from './cells.tsx';
import { columns } from './columns.tsx';
import './log-table.css';
import { useTableRoles } from './table-roles.ts';
import type { Row } from './use-log-page.ts';

export interface LogTableProps {
  rows: readonly Row[];
  search: string;
  /** Other logs are on their way: what is shown is not what was asked for. */
  busy: boolean;
  onOpen: (id: string) => void;
}

export function LogTable({ rows, search, busy, onOpen }: LogTableProps) {
  const ref = useRef<HTMLDivElement>(null);
  const { zone } = useTime();
  const narrow = useMedia('(max-width: 720px)');
  const schema = useMemo(() => columns(zone, narrow), [zone, narrow]);
  // The table marks rows by writing into them.
  const data = useMemo(() => rows.map((row) => ({ ...row })), [rows]);
  const cells = useMemo(() => ({ search, onOpen }), [search, onOpen]);
  useTableRoles(ref, 'Logs, newest first');
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows are read from their first on
  useEffect(() => {
    ref.current?.querySelector('.Grid-body')?.scrollTo(0, 0);
  }, [rows]);
  return (
    <div className={`log-table ${busy ? 'log-table--busy' : ''}`} ref={ref} aria-busy={busy}>
      <CellProvider value={cells}>
        <Table
          // It keeps the columns it was given first.
          key={`${zone} ${narrow}`}
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
