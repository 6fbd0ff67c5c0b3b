import { useRef } from 'react';
import { useMedia, useTime } from '../../ui/index.ts';
import { edgePx } from '../logic/follow.ts';
import { noMarks } from '../logic/marks.ts';
import { isSelected } from '../logic/selection.ts';
import { separatorsOf } from '../logic/separators.ts';
import { useViewer, useViewState } from '../state/context.tsx';
import { ListEnd } from './list-end.tsx';
import { ListRow } from './list-row.tsx';
import { useCopy } from './use-copy.ts';
import { usePress } from './use-press.ts';
import { useRowKeys } from './use-row-keys.ts';
import { useRows } from './use-rows.ts';

/** Height of a row in pixels, as in the style sheet: on a narrow screen it has two lines. */
const heights = { wide: 32, narrow: 56, compact: 24, 'narrow compact': 48 };

/** The list: of all its rows, only those near the visible part are elements of the page. */
export function LogList({ linked }: { linked: string }) {
  const viewer = useViewer();
  const { wrap, compact, order, expanded, hit, selection } = useViewState();
  const { day } = useTime();
  const isNarrow = useMedia('(max-width: 600px)');
  const isNewestFirst = order === 'newest-first';
  const scroller = useRef<HTMLElement>(null);
  const rowPx = heights[isNarrow ? (compact ? 'narrow compact' : 'narrow') : compact ? 'compact' : 'wide'];
  const rows = useRows(scroller, rowPx);
  const { window, sizes } = rows;
  const { items, count } = window;
  const { active, ...keys } = useRowKeys(scroller, rows);
  const onPress = usePress();
  const onCopy = useCopy((index) => window.rowAt(index));
  const lastPx = useRef(0);
  const isRendered = items.some(({ row }) => row.key === active);
  const tabbable = isRendered ? active : window.anchorAt(window.scrollPx)?.row.key;
  // The end of the list is only rendered near it: otherwise Tab would jump from a line past all others.
  const isAtOldest = items.some(({ index }) => index === (isNewestFirst ? count - 1 : 0));

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    const restPx = scrollHeight - clientHeight - scrollTop;
    // With the newest line at the bottom, the list grows there while it follows: only scrolling up leaves that line.
    const isAtNewest = isNewestFirst
      ? scrollTop <= edgePx
      : restPx <= edgePx || (viewer.viewState.get().follow.following && scrollTop >= lastPx.current);
    lastPx.current = scrollTop;
    rows.scrolled(scrollTop, (top) => viewer.scrolled(isAtNewest, top));
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
        <div className="Stream-rows" style={{ height: window.totalPx }}>
          {/* biome-ignore lint/a11y/useSemanticElements: Safari drops the list semantics of a styled ul */}
          <div
            role="list"
            className="Stream-window"
            aria-label="Lines"
            style={{ transform: `translateY(${window.topPx}px)` }}
            onPointerDown={onPress}
          >
            {items.map(({ row, index, asidePx }) => (
              <ListRow
                key={row.key}
                row={row}
                group={row.group}
                index={index}
                count={count}
                asidePx={asidePx}
                sizes={sizes}
                separators={separatorsOf((by) => window.rowAt(index + by), day)}
                isExpanded={expanded.has(row.name)}
                isPlain={!wrap}
                isCurrent={row === hit}
                isLinked={row.id !== '' && row.id === linked}
                isSelected={selection !== null && isSelected(row, selection)}
                marks={viewer.live.isHit(row) ? row.marks : noMarks}
                isTabbable={row.key === tabbable}
                isRunFound={viewer.live.isRunHit(row)}
              />
            ))}
          </div>
        </div>
        {isNewestFirst && (isAtOldest ? <ListEnd /> : <div className="Stream-end" />)}
      </section>
    </>
  );
}
