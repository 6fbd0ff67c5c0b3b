import { earthquakes } from './earthquakes.ts';
import type { Job } from './job.ts';
import { movies } from './movies.ts';
import { penguins } from './penguins.ts';

/** They run side by side, each over and over. */
export const jobs: readonly Job[] = [movies, penguins, earthquakes];
