import { Button } from '@innovaccer/design-system';
import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react';
import { addressWith, entryState, go } from '../../address.ts';
import { CopyButton, EmptyPane, useTime } from '../../ui/index.ts';
import { noMarks } from '../logic/marks.ts';
import type { Row } from '../logic/row.ts';
import { fold } from '../state/commands.ts';
import { useViewer, useViewState } from '../state/context.tsx';
import { aroundCount, LinesAround } from '../state/lines-around.ts';
import './around-pane.css';
import { LineRow } from './line-row.tsx';

/** A line with its neighbours, whatever the filters are, and what is logged from now on. */
export function AroundPane({ id }: { id: string }) {
  const viewer = useViewer();
  const [lines] = useState(() => new LinesAround(viewer, id));
  const state = useSyncExternalStore(lines.state.subscribe, lines.state.get);
  useEffect(() => {
    // Opened, the line would hide those around it.
    fold(viewer, id);
    void lines.open();
    return () => lines.close();
  }, [viewer, lines, id]);

  const { dayText, zone } = useTime();
  const line = state.rows.find((row) => row.id === id)?.line;
  const close = () => go({ around: undefined, ...(entryState().cameFrom === 'normal' && { mode: undefined }) });
  return (
    <section className="Stream-pane" aria-label="Lines around a line">
      <div className="around-bar">
        <strong>In context</strong>
        {line && (
          <time dateTime={new Date(line.time).toISOString()}>
            {dayText(line.time)}, {zone === 'utc' ? 'UTC' : 'local time'}
          </time>
        )}
        <span className="Stream-quiet">
          {aroundCount} lines before and after, without filters
          {state.isLive && '; new lines are added'}
        </span>
        <span className="around-actions">
          <CopyButton label="Copy link" text={() => new URL(addressWith({}), location.origin).href} icon="link" />
          <Button size="tiny" onClick={close}>
            Back to the list
          </Button>
        </span>
      </div>
      {state.error !== '' && (
        <p className="around-problem Stream-problem" role="alert">
          {state.error}{' '}
          <Button size="tiny" onClick={() => void (state.rows.length === 0 ? lines.open() : lines.newer())}>
            Try again
          </Button>
        </p>
      )}
      {state.kind === 'gone' && (
        <EmptyPane
          icon="history_toggle_off"
          title="This line is no longer kept"
          description="Only the newest logs are kept. The link may also be broken."
        />
      )}
      {state.kind === 'loading' && state.error === '' && (
        <p className="around-problem" role="status">
          Loading the lines around…
        </p>
      )}
      {state.kind === 'ready' && <Lines id={id} lines={lines} />}
    </section>
  );
}

function Lines({ id, lines }: { id: string; lines: LinesAround }) {
  const { expanded, order, wrap, compact } = useViewState();
  const { rows, hasOlder, isLive, isFull } = useSyncExternalStore(lines.state.subscribe, lines.state.get);
  const scroller = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    scroller.current?.querySelector('.is-linked')?.scrollIntoView({ block: 'center' });
  }, []);
  const older = hasOlder && (
    <Button size="tiny" onClick={() => void lines.older()}>
      {`${aroundCount} older lines`}
    </Button>
  );
  const newer = isFull ? (
    <span>The list has the lines that follow.</span>
  ) : (
    !isLive && (
      <Button size="tiny" onClick={() => void lines.newer()}>
        {`${aroundCount} newer lines`}
      </Button>
    )
  );
  const isAscending = order === 'oldest-first';
  const shown: readonly Row[] = isAscending ? rows : rows.toReversed();
  return (
    <div
      ref={scroller}
      className={`Stream-list around-list${wrap ? ' is-wrapped' : ''}${compact ? ' is-compact' : ''}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
      tabIndex={0}
    >
      <div className="Stream-end">{isAscending ? older : newer}</div>
      {/* biome-ignore lint/a11y/useSemanticElements: Safari drops the list semantics of a styled ul */}
      <div role="list" aria-label="Lines">
        {shown.map((row) => (
          // biome-ignore lint/a11y/useSemanticElements: same reason as for the list
          <div
            key={row.key}
            role="listitem"
            className={`Stream-row${row.id === id ? ' is-linked' : ''}`}
            data-testid="line"
            data-level={row.group}
            data-id={row.id}
          >
            <LineRow
              row={row}
              line={row.line!}
              group={row.group}
              expanded={expanded.has(row.name)}
              marks={noMarks}
              tabbable
            />
          </div>
        ))}
      </div>
      <div className="Stream-end">{isAscending ? newer : older}</div>
    </div>
  );
}
