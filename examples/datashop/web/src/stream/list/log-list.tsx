import { useRef } from 'react';
import { useMedia } from '../../ui/index.ts';
import type { Marks } from '../logic/marks.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';
import { GapRow } from './gap-row.tsx';
import { LineRow } from './line-row.tsx';
import { ListEnd } from './list-end.tsx';
import { usePress } from './use-press.ts';
import { useRowKeys } from './use-row-keys.ts';
import { useRows } from './use-rows.ts';

const noMarks: Marks = [];

/** The virtualised list, newest line on top. */
export function LogList({ linked }: { linked: string }) {
  const viewer = useViewer();
  const { view } = useLive();
  const { wrap, expanded, hit } = useViewState();
  const narrow = useMedia('(max-width: 600px)');
  const scroller = useRef<HTMLElement>(null);
  const rowPx = narrow ? 56 : 32;
  const { virtualizer, rowAt, focused } = useRows(scroller, rowPx, wrap);
  const { active, ...keys } = useRowKeys(scroller, virtualizer, rowAt, focused);
  const onPress = usePress();
  const items = virtualizer.getVirtualItems();
  const first = items.find(({ end }) => end > (virtualizer.scrollOffset ?? 0));
  const tabbable = items.some(({ key }) => key === active) ? active : first?.key;

  const onScroll = () => {
    const { scrollTop } = scroller.current!;
    const top = virtualizer.getVirtualItemForOffset(scrollTop);
    viewer.scrolled(scrollTop, top ? (rowAt(top.index) ?? null) : null);
  };

  return (
    <section
      ref={scroller}
      className={`Stream-list${wrap ? ' is-wrapped' : ''}`}
      aria-label="Log lines, newest first"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
      tabIndex={0}
      onScroll={onScroll}
      {...keys}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: the virtualiser positions the rows, and Safari drops the list semantics of a styled ul */}
      <div
        role="list"
        className="Stream-rows"
        aria-label="Lines"
        style={{ height: virtualizer.getTotalSize() }}
        onPointerDown={onPress}
      >
        {items.map((item) => {
          const row = rowAt(item.index)!;
          const { line, gap } = row;
          const state = `${row === hit ? ' is-current' : ''}${row.id !== '' && row.id === linked ? ' is-linked' : ''}`;
          return (
            // biome-ignore lint/a11y/useSemanticElements: same reason as for the list
            <div
              role="listitem"
              key={item.key}
              ref={virtualizer.measureElement}
              className={`Stream-row${state}`}
              aria-setsize={view.rows.length}
              aria-posinset={item.index + 1}
              data-index={item.index}
              data-key={row.key}
              data-plain={line !== null && !wrap && !expanded.has(row.key) ? '' : undefined}
              data-testid={line === null ? 'gap' : 'line'}
              data-level={line === null ? undefined : row.group}
              data-id={row.id || undefined}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {gap !== null && <GapRow gap={gap} />}
              {line !== null && (
                <LineRow
                  row={row}
                  line={line}
                  expanded={expanded.has(row.key)}
                  group={row.group}
                  marks={viewer.live.isHit(row) ? row.marks : noMarks}
                  tabbable={item.key === tabbable}
                />
              )}
            </div>
          );
        })}
      </div>
      <ListEnd />
    </section>
  );
}
