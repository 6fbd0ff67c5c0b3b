import { Table } from '@innovaccer/design-system';
import { useMemo, useRef } from 'react';
import { useMedia, useTime } from '../ui/index.ts';
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
  const time = useTime();
  const narrow = useMedia('(max-width: 720px)');
  const schema = useMemo(() => columns({ time, narrow, search, onOpen }), [time, narrow, search, onOpen]);
  // The table marks rows by writing into them.
  const data = useMemo(() => rows.map((row) => ({ ...row })), [rows]);
  useTableRoles(ref, 'Logs, newest first');
  return (
    <div className={`log-table ${busy ? 'log-table--busy' : ''}`} ref={ref} aria-busy={busy}>
      <Table
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
    </div>
  );
}
