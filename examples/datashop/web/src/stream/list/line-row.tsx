import { memo } from 'react';
import { Glyph, LevelBadge, useTime } from '../../ui/index.ts';
import type { Line } from '../logic/line.ts';
import type { Row } from '../logic/row.ts';
import { highlight } from '../logic/search.ts';
import { useViewer } from '../state/context.tsx';
import { LineDetails } from './line-details.tsx';

export interface LineRowProps {
  row: Row;
  line: Line;
  expanded: boolean;
  /** What to mark, null where nothing was found. */
  pattern: RegExp | null;
  /** Whether Tab comes here: of all rows only one, the arrow keys go to the others. */
  tabbable: boolean;
}

/** More of one line is shown when it is opened: a row is no place for a megabyte. */
const maxShownChars = 2_000;

/** A log: its parts in a row, all of it when opened. */
export const LineRow = memo(function LineRow({ row, line, expanded, pattern, tabbable }: LineRowProps) {
  const viewer = useViewer();
  const { format, formatTime } = useTime();
  const panel = `stream-line-${row.key}`;
  const { level, time, stage, message, description, duration } = line;
  const toggle = () => viewer.toggle(row);
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a larger target for the pointer; the button inside does the same */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
      <div
        className="Stream-line"
        onMouseDown={() => viewer.pause()}
        onClick={() => {
          // Somebody who has just selected text wants the text.
          if (getSelection()?.isCollapsed !== false) toggle();
        }}
      >
        <button
          type="button"
          className="Stream-toggle"
          aria-expanded={expanded}
          aria-controls={expanded ? panel : undefined}
          aria-label={`Details of ${level ?? 'the line'} at ${formatTime(time)}`}
          tabIndex={tabbable ? 0 : -1}
          onClick={(event) => {
            event.stopPropagation();
            toggle();
          }}
        >
          <Glyph name={expanded ? 'expand_more' : 'chevron_right'} />
        </button>
        <time className="Stream-time" dateTime={new Date(time).toISOString()} title={format(time)}>
          {formatTime(time)}
        </time>
        <span className="Stream-level">{level && <LevelBadge level={level} />}</span>
        <span className="Stream-stage" title={stage}>
          <Marked pattern={pattern} text={stage} />
        </span>
        <span className="Stream-message">
          <Marked pattern={pattern} text={message} />
          {description && (
            <span className="Stream-description">
              <Marked pattern={pattern} text={description} />
            </span>
          )}
        </span>
        <span className="Stream-duration">{duration}</span>
      </div>
      {expanded && row.entry.kind === 'event' && <LineDetails id={panel} entry={row.entry} line={line} />}
    </>
  );
});

function Marked({ pattern, text }: { pattern: RegExp | null; text: string }) {
  const shown = text.length > maxShownChars ? `${text.slice(0, maxShownChars)}…` : text;
  if (pattern === null) return <>{shown}</>;
  return (
    <>
      {highlight(pattern, shown).map((piece, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no identity but their place
        piece.found ? <mark key={index}>{piece.text}</mark> : piece.text,
      )}
    </>
  );
}
