import { earthquakes } from './earthquakes.ts';
import type { Job } from './job.ts';
import { movies } from './movies.ts';
import { penguins } from './penguins.ts';

/** The jobs run side by side, each repeatedly. */
export const jobs: readonly Job[] = [movies, penguins, earthquakes];
