import { memo, type ReactNode } from 'react';
import { addressWith, isPlainClick } from '../address.ts';
import { readAnsi } from '../text/ansi.ts';
import { Highlight, LevelBadge, type Time } from '../ui/index.ts';
import type { Row } from './use-log-page.ts';

export interface TableRowProps {
  row: Row;
  search: string;
  isNarrow: boolean;
  format: Time['format'];
  onOpen: (id: string) => void;
}

/**
 * A log, in few elements and without components of its own: a page has 250 of them, which are added and removed at
 * once.
 */
export const TableRow = memo(function TableRow({ row: { id, log }, search, isNarrow, format, onOpen }: TableRowProps) {
  const { stageName: stage, duration, description, meta } = log;
  const found = (text: string): ReactNode => {
    const plain = readAnsi(text).text;
    return search === '' ? plain : <Highlight text={plain} search={search} />;
  };
  const cells: Readonly<Record<string, ReactNode>> = {
    time: (
      <time className="log-time" dateTime={log.isoTime} title={log.isoTime}>
        {format(meta.timestamp)}
      </time>
    ),
    level: LevelBadge({ level: log.logLevel }),
    stage: (
      <span className="log-stage" title={stage}>
        {found(stage)}
      </span>
    ),
    message: (
      <div className="log-message">
        <a
          className="log-link"
          href={addressWith({ log: id })}
          onClick={(event) => {
            // The row's own click handler would open the log a second time.
            event.stopPropagation();
            if (!isPlainClick(event)) return;
            event.preventDefault();
            onOpen(id);
          }}
        >
          {found(log.message)}
        </a>
        {description && <span className="log-detail">{found(description)}</span>}
      </div>
    ),
    duration: duration && <span className="log-time">{duration}</span>,
    run: (
      <span className="log-stage" title={meta.execID}>
        {found(meta.execID)}
      </span>
    ),
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: same reason as for the table
    // biome-ignore lint/a11y/useFocusableInteractive: the link inside handles the keyboard
    // biome-ignore lint/a11y/useKeyWithClickEvents: the link inside handles the keyboard
    <div
      role="row"
      className={isNarrow ? 'log-row log-row--narrow' : 'log-row'}
      data-level={log.logLevel}
      onClick={() => getSelection()?.isCollapsed !== false && onOpen(id)}
    >
      {Object.entries(cells).map(([name, content]) => (
        // biome-ignore lint/a11y/useSemanticElements: same reason as for the table
        <span key={name} role="cell" className="log-cell">
          {content}
        </span>
      ))}
    </div>
  );
});
