import { createContext, useContext } from 'react';
import { addressWith, isPlainClick } from '../address.ts';
import { readAnsi } from '../text/ansi.ts';
import { Highlight, LevelBadge, useTime } from '../ui/index.ts';
import type { Row } from './use-log-page.ts';

export interface CellContext {
  search: string;
  onOpen: (id: string) => void;
}

/** What all cells need. */
const Context = createContext<CellContext>({ search: '', onOpen: () => {} });

export const CellProvider = Context.Provider;

export function Level({ row }: { row: Row }) {
  return <LevelBadge level={row.log.logLevel} />;
}

export function Time({ row: { log } }: { row: Row }) {
  const { format } = useTime();
  return (
    <time className="log-time" dateTime={log.isoTime} title={log.isoTime}>
      {format(log.meta.timestamp)}
    </time>
  );
}

export function Stage({ row }: { row: Row }) {
  return (
    <span className="log-stage" title={row.log.stageName}>
      <Found>{row.log.stageName}</Found>
    </span>
  );
}

export function Duration({ row }: { row: Row }) {
  return <span className="log-time">{row.log.duration}</span>;
}

export function Run({ row }: { row: Row }) {
  return (
    <span className="log-stage" title={row.log.meta.execID}>
      <Found>{row.log.meta.execID}</Found>
    </span>
  );
}

export function Message({ row: { id, log } }: { row: Row }) {
  const { onOpen } = useContext(Context);
  return (
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
        <Found>{log.message}</Found>
      </a>
      {log.description && (
        <span className="log-detail">
          <Found>{log.description}</Found>
        </span>
      )}
    </div>
  );
}

function Found({ children }: { children: string }) {
  return <Highlight text={readAnsi(children).text} search={useContext(Context).search} />;
}
