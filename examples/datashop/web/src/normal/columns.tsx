import type { ColumnSchema } from '@innovaccer/design-system/dist/core/components/organisms/grid/Grid';
import type { GridCellProps } from '@innovaccer/design-system/dist/core/components/organisms/grid/GridCell';
import type { ReactNode } from 'react';
import { addressWith, isPlainClick } from '../address.ts';
import { Highlight, LevelBadge, type useTime } from '../ui/index.ts';
import type { Row } from './use-log-page.ts';

export interface ColumnContext {
  time: ReturnType<typeof useTime>;
  narrow: boolean;
  search: string;
  onOpen: (id: string) => void;
}

/** The columns of the table. None can be sorted: one page of many would only be sorted within itself. */
export function columns({ time, narrow, search, onOpen }: ColumnContext): ColumnSchema[] {
  const when = ({ log }: Row) => (
    <time className="log-time" dateTime={log.isoTime} title={log.isoTime}>
      {time.format(log.meta.timestamp)}
    </time>
  );
  const message = ({ id, log }: Row) => (
    <div className="log-message">
      <a
        className="log-link"
        href={addressWith({ log: id })}
        onClick={(event) => {
          // The row behind it opens the log as well; once is enough.
          event.stopPropagation();
          if (!isPlainClick(event)) return;
          event.preventDefault();
          onOpen(id);
        }}
      >
        <Highlight text={log.message} search={search} />
      </a>
      {log.description && (
        <span className="log-detail">
          <Highlight text={log.description} search={search} />
        </span>
      )}
    </div>
  );
  const stage = ({ log }: Row) => (
    <span className="log-stage">
      <Highlight text={log.stageName} search={search} />
    </span>
  );
  if (narrow) {
    const whole = (row: Row) => (
      <div className="log-card">
        <div className="log-card-head">
          <LevelBadge level={row.log.logLevel} />
          {when(row)}
          {stage(row)}
        </div>
        {message(row)}
      </div>
    );
    return [column('log', 'Log', '100%', whole)];
  }
  return [
    column('time', time.zone === 'utc' ? 'Time (UTC)' : 'Time (local)', 186, when),
    column('level', 'Level', 88, ({ log }) => <LevelBadge level={log.logLevel} />),
    column('stage', 'Stage', 112, stage),
    column('message', 'Message', 'calc(100% - 482px)', message),
    {
      ...column('duration', 'Duration', 96, ({ log }) => <span className="log-time">{log.duration}</span>),
      align: 'right',
    },
  ];
}

function column(
  name: string,
  displayName: string,
  width: number | string,
  cell: (row: Row) => ReactNode,
): ColumnSchema {
  const minWidth = typeof width === 'number' ? width : 0;
  return {
    name,
    displayName,
    width,
    minWidth,
    maxWidth: '100%',
    sorting: false,
    cellRenderer: ({ data }: GridCellProps) => <>{cell(data as unknown as Row)}</>,
  };
}
