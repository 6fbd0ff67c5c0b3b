import { useEffect, useState } from 'react';
import { fetchVolume } from '../api.ts';
import { setFilters } from '../filters/use-filters.ts';
import { maxBuckets, noVolume, type Volume } from '../volume/volume.ts';
import { VolumeChart } from '../volume/volume-chart.tsx';
import { type PageRequest, queryOf } from './filters.ts';

/** Counts of the stored lines that match. */
export interface Counted {
  readonly volume: Volume;
  /** False before the first count, and after a count that failed. */
  readonly isKnown: boolean;
  /** The log service could not count them. */
  readonly isFailed: boolean;
}

/** @param revision another value counts again */
export function useVolume({ filter }: PageRequest, revision: unknown): Counted {
  const [counted, setCounted] = useState<Counted>({ volume: noVolume, isKnown: false, isFailed: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `revision` is a trigger
  useEffect(() => {
    const query = queryOf(filter);
    if (query === null) return setCounted({ volume: noVolume, isKnown: true, isFailed: false });
    const leaving = new AbortController();
    fetchVolume(query, maxBuckets, leaving.signal).then(
      ({ from, bucketMs, counts }) => {
        const volume = { fromMs: Date.parse(from), bucketMs, counts: { ...counts, OTHER: counts.INFO.map(() => 0) } };
        if (!leaving.signal.aborted) setCounted({ volume, isKnown: true, isFailed: false });
      },
      () => !leaving.signal.aborted && setCounted({ volume: noVolume, isKnown: false, isFailed: true }),
    );
    return () => leaving.abort();
  }, [filter, revision]);
  return counted;
}

/** All stored lines that match, by level over time, not only those of the page. */
export function NormalVolume({ counted: { volume, isFailed }, filter }: { counted: Counted } & PageRequest) {
  if (isFailed) return <p className="normal-volume-failed">The log service could not count the lines over time.</p>;
  const isBounded = filter.from !== '' || filter.to !== '';
  return (
    <div className="normal-volume">
      <VolumeChart
        volume={volume}
        covers="all stored lines"
        onSelect={(fromMs, toMs) =>
          setFilters({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
        }
        onReset={isBounded ? () => setFilters({ from: '', to: '' }) : undefined}
      />
    </div>
  );
}
