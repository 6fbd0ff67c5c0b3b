import { memo, useLayoutEffect, useRef } from 'react';
import type { LevelGroup } from '../../log.ts';
import { useTime } from '../../ui/index.ts';
import type { Marks } from '../logic/marks.ts';
import type { Row } from '../logic/row.ts';
import type { Separators } from '../logic/separators.ts';
import { GapRow } from './gap-row.tsx';
import { LineRow } from './line-row.tsx';
import type { RowSizes } from './use-row-sizes.ts';

export interface ListRowProps {
  row: Row;
  /** Renders again when the row inherits another level. */
  group: LevelGroup;
  index: number;
  count: number;
  /** As in {@link Item}. */
  asidePx: number | null;
  sizes: RowSizes;
  separators: Separators;
  isExpanded: boolean;
  /** False if lines are wrapped. */
  isPlain: boolean;
  isCurrent: boolean;
  isLinked: boolean;
  isSelected: boolean;
  /** Matches in the line's search text; empty if the line is no hit. */
  marks: Marks;
  isTabbable: boolean;
  /** True if the line was found by its run, which is shown then. */
  isRunFound: boolean;
}

/** A row at its place in the virtualised list: what separates it from the row above, then a line or a gap. */
export const ListRow = memo(function ListRow(props: ListRowProps) {
  const { row, group, index, count, asidePx, sizes, separators, isExpanded } = props;
  const { line, gap } = row;
  const { isNewDay, isNewRun } = separators;
  const element = useRef<HTMLDivElement>(null);
  // A plain row has the height that the style sheet sets: measuring it would cost a layout for each new row.
  const isPlain = props.isPlain && line !== null && !isExpanded && !isNewDay && !isNewRun;
  useLayoutEffect(() => (isPlain ? undefined : sizes.observe(element.current!, row)), [isPlain, sizes, row]);
  const states = [
    asidePx !== null && 'is-aside',
    props.isCurrent && 'is-current',
    props.isLinked && 'is-linked',
    props.isSelected && 'is-selected',
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: same reason as for the list
    <div
      role="listitem"
      ref={element}
      className={['Stream-row', ...states].filter(Boolean).join(' ')}
      aria-setsize={count}
      aria-posinset={index + 1}
      data-index={index}
      data-key={row.key}
      data-testid={line === null ? 'gap' : 'line'}
      data-level={line === null ? undefined : group}
      data-id={row.id || undefined}
      style={asidePx === null ? undefined : { top: asidePx }}
    >
      {line !== null && (isNewDay || isNewRun) && <Separator time={line.time} run={line.run} {...separators} />}
      {gap !== null && <GapRow gap={gap} />}
      {line !== null && (
        <LineRow
          row={row}
          line={line}
          expanded={isExpanded}
          group={group}
          marks={props.marks}
          tabbable={props.isTabbable}
          isRunFound={props.isRunFound}
        />
      )}
    </div>
  );
});

/** Above a line whose day or run is another one than that of the line above. */
function Separator({ time, run, isNewDay, isNewRun }: Separators & { time: number; run: string }) {
  const { dayText } = useTime();
  return (
    <p className="Stream-separator" data-testid="separator">
      {isNewDay && <time dateTime={new Date(time).toISOString()}>{dayText(time)}</time>}
      {isNewRun && <span>Run {run}</span>}
    </p>
  );
}
