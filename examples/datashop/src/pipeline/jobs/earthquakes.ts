import { workflows } from '../../demo.ts';
import { isNumber, type Job, type Row, shown } from './job.ts';

interface Feature {
  properties: Row;
  geometry: { coordinates: number[] };
}

/** A week of USGS reports. Its faults: blasts among the quakes, and epicentres that too few stations located. */
export const earthquakes: Job = {
  name: 'earthquakes',
  workflow: workflows.earthquakes,
  file: 'earthquakes.json',
  rowsOf: (document) =>
    (document as { features: Feature[] }).features.map(({ properties, geometry }) => ({
      ...properties,
      depth: geometry.coordinates[2],
    })),
  label: (row) => String(row.title),
  rules: {
    type: ({ type }) => (type === 'earthquake' ? undefined : `it is recorded as ${type}, not as an earthquake`),
    magnitude: ({ mag }) => (isNumber(mag) ? undefined : `magnitude is ${shown(mag)}`),
    residual: ({ rms }) => (isNumber(rms) ? undefined : 'travel-time residual (rms) is missing'),
    gap: ({ gap }) =>
      isNumber(gap) && gap > 180 ? `the stations leave a gap of ${gap}°, so its place is a guess` : undefined,
    depth: ({ depth }) => (isNumber(depth) && depth < 0 ? `depth is ${depth} km, above the ground` : undefined),
  },
  maxRejectRate: 0.25,
  completeness: { nst: 0.75, felt: 0.05 },
  groupBy: (row) => String(row.net),
  measure: { name: 'magnitude', of: (row) => Number(row.mag) },
};
