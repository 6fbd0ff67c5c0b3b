import type { LoadState } from '../../retrying-load.ts';
import { type Follow, followNewest } from '../logic/follow.ts';
import type { Period } from '../logic/history.ts';
import type { Row } from '../logic/row.ts';
import type { Selection } from '../logic/selection.ts';
import { defaultPreferences, type Preferences } from './preferences.ts';

/** State of a load that the user requested. */
export type Load =
  | { readonly kind: 'idle' | 'none' }
  | { readonly kind: 'loading'; readonly loaded: number; readonly total: number }
  | { readonly kind: 'error'; readonly text: string };

/** The user's settings and position in Stream mode. Kept while Normal mode is shown. */
export interface ViewState extends Preferences {
  /** Names of the opened rows. */
  readonly expanded: ReadonlySet<string>;
  /** The rows to copy. */
  readonly selection: Selection | null;
  /** The row that was clicked last: a click with Shift selects from there. */
  readonly clicked: Row | null;
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
  /** What the connection has done since the page was opened, oldest first. */
  readonly periods: readonly Period[];
  /** Why the lines are polled for instead of streamed; '' while they are not. */
  readonly polling: string;
}

export const initialViewState: ViewState = {
  ...defaultPreferences,
  expanded: new Set(),
  selection: null,
  clicked: null,
  follow: followNewest,
  hit: null,
  goal: null,
  enabled: true,
  firstLoad: { kind: 'loading', attempt: 0, error: null },
  older: { kind: 'idle' },
  gaps: {},
  periods: [],
  polling: '',
};
