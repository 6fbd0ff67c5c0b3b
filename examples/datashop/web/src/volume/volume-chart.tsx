import { type KeyboardEvent, memo, type PointerEvent, useRef, useState } from 'react';
import { type LevelGroup, levelGroups } from '../log.ts';
import { IconButton, useTime } from '../ui/index.ts';
import { bucketCount, type Span, spanOf, spanText, timesOf, totalAt, type Volume } from './volume.ts';
import './volume-chart.css';
import { VolumeTable } from './volume-table.tsx';

export interface VolumeChartProps {
  volume: Volume;
  /** What is counted, shown beside the chart. */
  covers: string;
  /** The end is excluded. */
  onSelect: (fromMs: number, toMs: number) => void;
  /** Shows all times again; undefined while all are shown. */
  onReset: (() => void) | undefined;
}

/** Height of the drawing in its own units. */
const height = 40;
/** The most severe level is at the bottom, where it is compared most easily. */
const stacked: readonly LevelGroup[] = [...levelGroups].sort((a, b) => rank(b) - rank(a));

function rank(group: LevelGroup): number {
  return ['OTHER', 'DEBUG', 'INFO', 'WARN', 'ERROR'].indexOf(group);
}

/** Lines by level over time. A range is selected by dragging, or with the arrow keys, Shift and Enter. */
export function VolumeChart({ volume, covers, onSelect, onReset }: VolumeChartProps) {
  const { format } = useTime();
  const count = bucketCount(volume);
  /** The buckets under the pointer or the keyboard's cursor: where the selection began, and where it is. */
  const [cursor, setCursor] = useState<{ anchor: number; at: number } | null>(null);
  const [isTable, setTable] = useState(false);
  const pressed = useRef(false);
  const plot = useRef<SVGSVGElement>(null);
  // Keeps the chart's space: the list below must not move under the pointer when the first line is counted.
  if (count === 0) return <div className="volume" />;

  const span: Span = cursor === null ? { first: 0, last: count - 1 } : spanOf(volume, cursor.anchor, cursor.at);
  const { from, to } = timesOf(volume, span);
  const isOneDay = format(from).slice(0, 10) === format(to - 1).slice(0, 10);
  const short = (ms: number) => format(ms).slice(isOneDay ? 11 : 5, volume.bucketMs < 60_000 ? 19 : 16);
  const text = `${format(from).slice(0, 19)} – ${format(to).slice(0, 19)}: ${spanText(volume, span)}`;
  const select = (chosen: Span) => {
    setCursor(null);
    const times = timesOf(volume, chosen);
    onSelect(times.from, times.to);
  };

  const bucketAt = ({ clientX }: PointerEvent) => {
    const { left, width } = plot.current!.getBoundingClientRect();
    return Math.min(count - 1, Math.max(0, Math.floor(((clientX - left) / width) * count)));
  };
  const onPointerDown = (event: PointerEvent<SVGSVGElement>) => {
    if (event.button !== 0) return;
    pressed.current = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = bucketAt(event);
    setCursor({ anchor: at, at });
  };
  const onPointerMove = (event: PointerEvent) => {
    const at = bucketAt(event);
    setCursor((before) => ({ anchor: pressed.current && before ? before.anchor : at, at }));
  };
  const onPointerUp = (event: PointerEvent) => {
    if (!pressed.current) return;
    pressed.current = false;
    select(spanOf(volume, cursor?.anchor ?? bucketAt(event), bucketAt(event)));
  };
  const release = () => {
    pressed.current = false;
    setCursor(null);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const at = cursor?.at ?? count;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: count - 1 }[event.key];
    if (next !== undefined) {
      const moved = Math.min(count - 1, Math.max(0, next));
      setCursor({ anchor: event.shiftKey && cursor ? cursor.anchor : moved, at: moved });
    } else if (event.key === 'Enter' && cursor) select(span);
    else if (event.key === 'Escape' && cursor) setCursor(null);
    else return;
    event.preventDefault();
  };

  return (
    <figure className="volume">
      <div
        className="volume-plot"
        role="slider"
        tabIndex={0}
        aria-label="Lines over time. Arrow keys choose a time, Shift extends it, Enter shows only its lines"
        aria-valuemin={0}
        aria-valuemax={count - 1}
        aria-valuenow={cursor?.at ?? count - 1}
        aria-valuetext={text}
        data-testid="volume"
        onKeyDown={onKeyDown}
        onBlur={() => setCursor(null)}
      >
        <svg
          ref={plot}
          viewBox={`0 0 ${count} ${height}`}
          preserveAspectRatio="none"
          aria-hidden="true"
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerLeave={() => !pressed.current && setCursor(null)}
          onPointerCancel={release}
        >
          <Bars volume={volume} />
          {cursor && <rect className="volume-span" x={span.first} width={span.last - span.first + 1} height={height} />}
        </svg>
      </div>
      <figcaption className="volume-caption">
        <span>{short(from)}</span>
        <span className="volume-text" data-active={cursor ? '' : undefined}>
          <b>{spanText(volume, span)}</b> · {covers}
        </span>
        {onReset && (
          <button type="button" className="link-button" onClick={onReset}>
            All times
          </button>
        )}
        <span className="volume-to">{short(to)}</span>
        <IconButton icon="table_rows" label="The volume as a table" size={16} onClick={() => setTable(true)} />
      </figcaption>
      {isTable && <VolumeTable volume={volume} onSelect={(span) => select(span)} onClose={() => setTable(false)} />}
    </figure>
  );
}

/** One path for each level, so that the number of elements does not depend on the data. */
const Bars = memo(function Bars({ volume }: { volume: Volume }) {
  const count = bucketCount(volume);
  const most = Math.max(1, ...Array.from({ length: count }, (_, bucket) => totalAt(volume, bucket)));
  const floor = new Array<number>(count).fill(height);
  return (
    <>
      {stacked.map((group) => {
        let path = '';
        for (let bucket = 0; bucket < count; bucket += 1) {
          const lines = volume.counts[group][bucket] ?? 0;
          if (lines === 0) continue;
          // A single line stays visible beside thousands.
          const tall = Math.max(1, (lines / most) * height);
          const top = Math.max(0, floor[bucket]! - tall);
          path += `M${bucket + 0.08} ${floor[bucket]!.toFixed(2)}V${top.toFixed(2)}h.84V${floor[bucket]!.toFixed(2)}z`;
          floor[bucket] = top;
        }
        return <path key={group} className={`volume-bars volume-bars--${group}`} d={path} />;
      })}
    </>
  );
});
