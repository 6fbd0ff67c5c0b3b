import type { LabelValues } from './values.ts';

/** What a source that is not sse-proxy adds to the context of `onAttach`. */
export interface ForeignSource {
  /** All its routes. */
  readonly routes: readonly string[];
  readonly values: LabelValues;
}
