import { type LevelGroup, levelGroups } from '../../log.ts';
import { type Follow, followNewest } from '../logic/follow.ts';
import type { Row } from '../logic/row.ts';
import type { Query } from '../logic/search.ts';
import type { LoadState } from './retrying-load.ts';

/** State of a load that the user requested. */
export type Load =
  | { readonly kind: 'idle' | 'none' }
  | { readonly kind: 'loading'; readonly loaded: number; readonly total: number }
  | { readonly kind: 'error'; readonly text: string };

/** The user's settings and position in Stream mode. Kept while Normal mode is shown. */
export interface ViewState {
  readonly levels: ReadonlySet<LevelGroup>;
  readonly query: Query;
  /** True: only matching lines are shown. False: matches are marked among all lines. */
  readonly only: boolean;
  readonly wrap: boolean;
  readonly expanded: ReadonlySet<number>;
  readonly follow: Follow;
  /** The current hit, from which next and previous continue. */
  readonly hit: Row | null;
  /** The row to scroll to. Each new object is one request. */
  readonly goal: { readonly row: Row } | null;
  /** False after Disconnect, also before a reload: the page then does not connect. */
  readonly enabled: boolean;
  /** The load of the newest stored logs, which precedes the stream. */
  readonly firstLoad: LoadState;
  readonly older: Load;
  /** Loads of gaps, by the key of the gap. */
  readonly gaps: Readonly<Record<number, Load>>;
}

export const allLevels: ReadonlySet<LevelGroup> = new Set(levelGroups);

export const initialViewState: ViewState = {
  levels: allLevels,
  query: { text: '', regex: false },
  only: true,
  wrap: false,
  expanded: new Set(),
  follow: followNewest,
  hit: null,
  goal: null,
  enabled: true,
  firstLoad: { kind: 'loading', attempt: 0, error: null },
  older: { kind: 'idle' },
  gaps: {},
};
