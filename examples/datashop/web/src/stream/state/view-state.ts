import type { ApiError } from '../../api.ts';
import { type Level, logLevels } from '../../log.ts';
import { type Follow, followNewest } from '../logic/follow.ts';
import type { Row } from '../logic/row.ts';
import type { Query } from '../logic/search.ts';

/** Of lines that somebody asked for. */
export type Load =
  | { readonly kind: 'idle' | 'none' }
  | { readonly kind: 'loading'; readonly loaded: number; readonly total: number }
  | { readonly kind: 'error'; readonly text: string };

/** What somebody has set up and is looking at; kept while Normal mode is shown. */
export interface ViewState {
  readonly levels: ReadonlySet<Level>;
  readonly query: Query;
  /** Whether only found lines are shown; otherwise they are marked among the others. */
  readonly only: boolean;
  readonly wrap: boolean;
  readonly expanded: ReadonlySet<number>;
  readonly follow: Follow;
  /** The hit that next and previous go on from. */
  readonly hit: Row | null;
  /** Where the list is to go; a new object is another wish. */
  readonly goal: { readonly row: Row } | null;
  /** What is stored is being loaded, or is about to be. */
  readonly loading: boolean;
  readonly loadError: ApiError | null;
  readonly older: Load;
  /** By the key of the gap that is being filled. */
  readonly gaps: Readonly<Record<number, Load>>;
}

export const allLevels: ReadonlySet<Level> = new Set(logLevels);

export const initialViewState: ViewState = {
  levels: allLevels,
  query: { text: '', regex: false },
  only: true,
  wrap: false,
  expanded: new Set(),
  follow: followNewest,
  hit: null,
  goal: null,
  loading: true,
  loadError: null,
  older: { kind: 'idle' },
  gaps: {},
};
