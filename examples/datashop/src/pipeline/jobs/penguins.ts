import { workflows } from '../../demo.ts';
import { isNumber, type Job, shown } from './job.ts';

const measuredColumns = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'] as const;

/** 344 penguins of the Palmer archipelago. Its faults: birds without measurements, and one whose sex is ".". */
export const penguins: Job = {
  name: 'penguins',
  workflow: workflows.penguins,
  file: 'penguins.json',
  rowsOf: (document) => document as ReturnType<Job['rowsOf']>,
  label: (row) => `${row.Species} on ${row.Island}`,
  rules: {
    measurements: (row) => {
      const missing = measuredColumns.filter((name) => !isNumber(row[name]));
      return missing.length > 0 ? `${missing.join(', ')} missing` : undefined;
    },
    sex: ({ Sex }) => (Sex === 'MALE' || Sex === 'FEMALE' ? undefined : `Sex is ${shown(Sex)}, not MALE or FEMALE`),
  },
  maxRejectRate: 0.05,
  completeness: {},
  groupBy: (row) => `${row.Species} on ${row.Island}`,
  measure: { name: 'body mass in g', of: (row) => Number(row['Body Mass (g)']) },
};
