import type { ColumnSchema } from '@innovaccer/design-system/dist/core/components/organisms/grid/Grid';
import type { GridCellProps } from '@innovaccer/design-system/dist/core/components/organisms/grid/GridCell';
import type { ComponentType } from 'react';
import type { TimeZone } from '../ui/index.ts';
import { Card, Duration, Level, Message, Stage, Time } from './cells.tsx';
import type { Row } from './use-log-page.ts';

/** Columns of the table. They are not sortable, because sorting would only affect the current page. */
export function columns(zone: TimeZone, narrow: boolean): ColumnSchema[] {
  if (narrow) return [column('log', 'Log', '100%', Card)];
  return [
    column('time', zone === 'utc' ? 'Time (UTC)' : 'Time (local)', 172, Time),
    column('level', 'Level', 88, Level),
    column('stage', 'Stage', 128, Stage),
    column('message', 'Message', 'calc(100% - 484px)', Message),
    column('duration', 'Duration', 96, Duration),
  ];
}

function column(
  name: string,
  displayName: string,
  width: number | string,
  Cell: ComponentType<{ row: Row }>,
): ColumnSchema {
  return {
    name,
    displayName,
    width,
    minWidth: typeof width === 'number' ? width : 0,
    maxWidth: '100%',
    sorting: false,
    cellRenderer: ({ data }: GridCellProps) => <Cell row={data as unknown as Row} />,
  };
}
