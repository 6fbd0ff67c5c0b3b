import { workflows } from '../../demo.ts';
import { isNumber, type Job, shown } from './job.ts';

/** Year in which the data set was compiled; no release can be later. */
const compiledIn = 2011;

/** 3,201 films. Its faults: titles that became numbers, two-digit years read as 20xx, missing earnings. */
export const movies: Job = {
  name: 'movies',
  workflow: workflows.movies,
  file: 'movies.json',
  rowsOf: (document) => document as ReturnType<Job['rowsOf']>,
  label: (row) => String(row.Title ?? 'untitled'),
  rules: {
    title: ({ Title }) => (typeof Title === 'string' ? undefined : `Title is ${shown(Title)}, text expected`),
    date: (row) => {
      const date = String(row['Release Date']);
      const year = Number(date.slice(-4));
      if (!Number.isInteger(year)) return `Release Date ${shown(row['Release Date'])} has no year`;
      return year > compiledIn ? `Release Date ${date} is later than the data set (${compiledIn})` : undefined;
    },
    budget: (row) => (isNumber(row['Production Budget']) ? undefined : 'Production Budget is missing'),
    gross: (row) => {
      const gross = row['Worldwide Gross'];
      if (!isNumber(gross)) return `Worldwide Gross is ${shown(gross)}`;
      return gross > 0 ? undefined : 'Worldwide Gross is 0';
    },
  },
  maxRejectRate: 0.05,
  completeness: { 'Major Genre': 0.9, Director: 0.5, 'US DVD Sales': 0.25 },
  groupBy: (row) => String(row['Major Genre'] ?? 'unknown genre'),
  measure: { name: 'worldwide gross', of: (row) => Number(row['Worldwide Gross']) },
};
