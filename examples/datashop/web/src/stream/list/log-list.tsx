import { useRef } from 'react';
import { useMedia, useTime } from '../../ui/index.ts';
import { edgePx } from '../logic/follow.ts';
import type { Marks } from '../logic/marks.ts';
import { isSelected } from '../logic/selection.ts';
import { separatorsOf } from '../logic/separators.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';
import { ListEnd } from './list-end.tsx';
import { ListRow } from './list-row.tsx';
import { useCopy } from './use-copy.ts';
import { usePress } from './use-press.ts';
import { useRowKeys } from './use-row-keys.ts';
import { useRows } from './use-rows.ts';

/** Height of a row in pixels, as in the style sheet: on a narrow screen it has two lines. */
const heights = { wide: 32, narrow: 56, compact: 24, 'narrow compact': 48 };

const noMarks: Marks = [];

/** The virtualised list. */
export function LogList({ linked }: { linked: string }) {
  const viewer = useViewer();
  const { view } = useLive();
  const { wrap, compact, order, expanded, hit, selection } = useViewState();
  const { day } = useTime();
  const isNarrow = useMedia('(max-width: 600px)');
  const isNewestFirst = order === 'newest-first';
  const scroller = useRef<HTMLElement>(null);
  const rowPx = heights[isNarrow ? (compact ? 'narrow compact' : 'narrow') : compact ? 'compact' : 'wide'];
  const { virtualizer, rowAt, focused } = useRows(scroller, rowPx);
  const { active, ...keys } = useRowKeys(scroller, virtualizer, rowAt, focused);
  const onPress = usePress();
  const onCopy = useCopy(rowAt);
  const lastPx = useRef(0);
  const items = virtualizer.getVirtualItems();
  const first = items.find(({ end }) => end > (virtualizer.scrollOffset ?? 0));
  const tabbable = items.some(({ key }) => key === active) ? active : first?.key;
  const count = view.rows.length;
  // Only near the end: otherwise Tab would jump from a line past all others.
  const isAtOldest = items.some(({ index }) => index === (isNewestFirst ? count - 1 : 0));

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    const top = virtualizer.getVirtualItemForOffset(scrollTop);
    const restPx = scrollHeight - clientHeight - scrollTop;
    // Below the newest line the list grows while it follows: only scrolling up leaves the newest line.
    const isAtNewest = isNewestFirst
      ? scrollTop <= edgePx
      : restPx <= edgePx || (viewer.viewState.get().follow.following && scrollTop >= lastPx.current);
    lastPx.current = scrollTop;
    viewer.scrolled(isAtNewest, top ? (rowAt(top.index) ?? null) : null);
  };

  return (
    <>
      {!isNewestFirst && isAtOldest && <ListEnd />}
      <section
        ref={scroller}
        className={`Stream-list${wrap ? ' is-wrapped' : ''}${compact ? ' is-compact' : ''}`}
        aria-label={isNewestFirst ? 'Log lines, newest first' : 'Log lines, oldest first'}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
        tabIndex={0}
        onScroll={onScroll}
        onCopy={onCopy}
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
            return (
              <ListRow
                key={item.key}
                row={row}
                group={row.group}
                index={item.index}
                count={count}
                start={item.start}
                measure={virtualizer.measureElement}
                separators={separatorsOf((by) => rowAt(item.index + by), day)}
                isExpanded={expanded.has(row.name)}
                isPlain={!wrap}
                isCurrent={row === hit}
                isLinked={row.id !== '' && row.id === linked}
                isSelected={selection !== null && isSelected(row, selection)}
                marks={viewer.live.isHit(row) ? row.marks : noMarks}
                isTabbable={item.key === tabbable}
              />
            );
          })}
        </div>
        {isNewestFirst && (isAtOldest ? <ListEnd /> : <div className="Stream-end" />)}
      </section>
    </>
  );
}
