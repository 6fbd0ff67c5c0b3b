import { isNumber, type Job, shown } from './job.ts';

const MEASUREMENTS = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'] as const;

/** 344 penguins of the Palmer archipelago. Its dirt: birds that were never measured, and one whose sex is ".". */
export const penguins: Job = {
  name: 'penguins',
  file: 'penguins.json',
  rowsOf: (document) => document as ReturnType<Job['rowsOf']>,
  label: (row) => `${row.Species} on ${row.Island}`,
  rules: {
    measurements: (row) => {
      const missing = MEASUREMENTS.filter((name) => !isNumber(row[name]));
      return missing.length > 0 ? `${missing.join(', ')} missing` : undefined;
    },
    sex: ({ Sex }) => (Sex === 'MALE' || Sex === 'FEMALE' ? undefined : `Sex is ${shown(Sex)}, not MALE or FEMALE`),
  },
  maxRejectRate: 0.05,
  completeness: {},
  groupBy: (row) => `${row.Species} on ${row.Island}`,
  measure: { name: 'body mass in g', of: (row) => Number(row['Body Mass (g)']) },
};
