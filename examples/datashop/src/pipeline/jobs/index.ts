import { earthquakes } from './earthquakes.ts';
import type { Job } from './job.ts';
import { movies } from './movies.ts';
import { penguins } from './penguins.ts';

/** In the order in which they run, over and over. */
export const jobs: readonly Job[] = [movies, penguins, earthquakes];
