import type { LabelValues } from './values.ts';

/** The additional fields in the `onAttach` context of a source other than sse-proxy. */
export interface ForeignSource {
  /** All its routes. */
  readonly routes: readonly string[];
  readonly values: LabelValues;
}
