import { useEffect, useState } from 'react';
import { setFilters, useFilters } from '../../filters/use-filters.ts';
import { noVolume, type Volume } from '../../volume/volume.ts';
import { VolumeChart } from '../../volume/volume-chart.tsx';
import type { LogView } from '../logic/log-index.ts';
import { useViewer } from '../state/context.tsx';

/** Milliseconds between two updates: a chart that changes with each new line can't be read. */
const everyMs = 1_000;

/** The lines of the list that pass the filters, by level over time. */
export function StreamVolume() {
  const { live } = useViewer();
  const { from, to } = useFilters();
  const [volume, setVolume] = useState<Volume>(noVolume);
  useEffect(() => {
    let counted: LogView | null = null;
    const count = () => {
      const { view, progress } = live.get();
      if (view === counted || progress < 1 || document.visibilityState === 'hidden') return;
      counted = view;
      setVolume(live.volume({ fromMs: timeOf(from), toMs: timeOf(to) }));
    };
    count();
    const timer = setInterval(count, everyMs);
    // A chart that was empty, or of another filter, is replaced at once.
    const release = live.subscribe(() => (counted !== null && counted.rows.length > 0 ? undefined : count()));
    return () => {
      clearInterval(timer);
      release();
    };
  }, [live, from, to]);
  return (
    <VolumeChart
      volume={volume}
      covers="in the list"
      onSelect={(fromMs, toMs) =>
        setFilters({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
      }
      onReset={from !== '' || to !== '' ? () => setFilters({ from: '', to: '' }) : undefined}
    />
  );
}

const timeOf = (iso: string) => (iso === '' ? undefined : Date.parse(iso));
