import { memo } from 'react';
import type { LevelGroup } from '../../log.ts';
import { LevelBadge, useTime } from '../../ui/index.ts';
import type { Line } from '../logic/line.ts';
import type { Marks } from '../logic/marks.ts';
import type { Row } from '../logic/row.ts';
import { select } from '../state/commands.ts';
import { useViewer } from '../state/context.tsx';
import { LineDetails } from './line-details.tsx';
import { LineText } from './line-text.tsx';

export interface LineRowProps {
  row: Row;
  line: Line;
  /** Renders again when the row inherits another level. */
  group: LevelGroup;
  expanded: boolean;
  /** Matches in the line's search text; empty if the line is no hit. */
  marks: Marks;
  /** True for the one row that Tab stops at; the arrow keys move from there. */
  tabbable: boolean;
  /** True if the line was found by its run, which is shown then. */
  isRunFound?: boolean;
}

/** Most of a message that a screen reader reads for a row. */
const maxNameChars = 200;

/** A log: its parts in one row, the whole event when it is opened. */
export const LineRow = memo(function LineRow({ row, line, expanded, marks, tabbable, isRunFound }: LineRowProps) {
  const viewer = useViewer();
  const { format, formatTime } = useTime();
  const panel = `stream-line-${row.key}`;
  const { label, time, stage, message, description, duration } = line;
  const toggle = () => viewer.toggle(row);
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: enlarges the target of the button inside for the pointer */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the button inside handles the keyboard */}
      <div
        className="Stream-line"
        onMouseDown={(event) => {
          viewer.pause();
          // A click with Shift selects lines instead of text.
          if (event.shiftKey) event.preventDefault();
        }}
        onClick={(event) => {
          if (event.shiftKey) select(viewer, row, viewer.viewState.get().clicked);
          // A click that ends a text selection must not open the line.
          else if (getSelection()?.isCollapsed !== false) toggle();
          viewer.viewState.set({ clicked: row });
        }}
      >
        <button
          type="button"
          className="Stream-toggle"
          aria-expanded={expanded}
          aria-controls={expanded ? panel : undefined}
          aria-label={[label, formatTime(time), message.slice(0, maxNameChars), stage && `stage ${stage}`]
            .filter(Boolean)
            .join(', ')}
          tabIndex={tabbable ? 0 : -1}
          onClick={(event) => {
            event.stopPropagation();
            toggle();
          }}
        />
        <time className="Stream-time" dateTime={new Date(time).toISOString()} title={format(time)}>
          {formatTime(time)}
        </time>
        <span className="Stream-level">{label && <LevelBadge level={label} />}</span>
        <span className="Stream-stage" title={stage}>
          <LineText line={line} part="stage" marks={marks} />
        </span>
        <span className="Stream-message">
          {isRunFound && (
            <span className="Stream-run">
              run <mark>{line.run}</mark>{' '}
            </span>
          )}
          <LineText line={line} part="message" marks={marks} />
          {description && (
            <span className="Stream-description">
              <LineText line={line} part="description" marks={marks} />
            </span>
          )}
        </span>
        <span className="Stream-duration">{duration}</span>
      </div>
      {expanded && row.entry.kind === 'event' && <LineDetails id={panel} entry={row.entry} line={line} />}
    </>
  );
});
