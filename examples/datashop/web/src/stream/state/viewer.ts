import type { EventStream } from '@datashop/sse-client';
import { ApiError, fetchLogs } from '../../api.ts';
import { isOff } from '../logic/connection.ts';
import { followNewest, pause, topPx } from '../logic/follow.ts';
import { type Notice, Notices } from '../logic/notices.ts';
import { knownEvents } from '../logic/pages.ts';
import type { Row } from '../logic/row.ts';
import { LiveView } from './live-view.ts';
import { openStream } from './open-stream.ts';
import { Store } from './store.ts';
import { initialViewState, type ViewState } from './view-state.ts';

export interface ViewerCallbacks {
  /** An answer was 401 or 403. */
  onUnauthorized(): void;
  notify(notice: Notice): void;
}

const seedSize = 200;
/** One user's stream, what is seen of it, and what can be done with it. */
export class Viewer {
  readonly stream: EventStream;
  readonly live: LiveView;
  readonly viewState = new Store(initialViewState);
  readonly #callbacks: ViewerCallbacks;
  readonly #notices: Notices;
  readonly #leaving = new AbortController();
  /** The row at the top, for when the list is shown again. */
  top: Row | null = null;
  /** The linked line that was brought into view: once is enough, whoever comes back is elsewhere by then. */
  linkShown = '';
  #entered = false;

  constructor(user: string, callbacks: ViewerCallbacks) {
    this.#callbacks = callbacks;
    this.stream = openStream(user);
    this.#notices = new Notices(this.stream.getSnapshot());
    this.stream.subscribe(() => this.#watch());
    const openWorker = () => new Worker(new URL('./search.worker.ts', import.meta.url), { type: 'module' });
    this.live = new LiveView(this.stream, openWorker);
  }

  /** Somebody looks at it: what is stored is loaded, and live from there, unless it was switched off. */
  async enter(): Promise<void> {
    if (this.#entered) return;
    this.#entered = true;
    const ready = this.#isEmpty ? await this.load() : true;
    this.viewState.set({ loading: false });
    if (ready && this.stream.getSnapshot().enabledByUser !== false) this.stream.connect();
  }

  /** The newest stored logs. @returns whether they could be loaded */
  async load(): Promise<boolean> {
    this.viewState.set({ loading: true, loadError: null });
    try {
      const page = await fetchLogs({ limit: seedSize }, this.#leaving.signal);
      this.stream.seed(knownEvents(page, 'desc'), { lastEventId: page.lastEventId });
      return true;
    } catch (error) {
      this.failed(error, (loadError) => this.viewState.set({ loadError }));
      return false;
    } finally {
      this.viewState.set({ loading: false });
    }
  }

  /** By a button: its success is worth a word. */
  async switchOn(): Promise<void> {
    this.#notices.expect();
    if (!this.#isEmpty || (await this.load())) this.stream.connect();
  }

  clear(): void {
    this.#forgetPlaces();
    this.stream.clear();
  }

  /** Everything anew: the newest stored logs, and live from there, if it was live. */
  async startOver(): Promise<void> {
    const wasOn = !isOff(this.stream.getSnapshot().status);
    this.stream.disconnect();
    this.#forgetPlaces();
    this.stream.reset();
    if ((await this.load()) && wasOn) this.stream.connect();
  }

  look(patch: Partial<Pick<ViewState, 'levels' | 'query' | 'only'>>): void {
    this.viewState.set(patch.query ? { ...patch, hit: null } : patch);
    const { levels, query, only, hit } = this.viewState.get();
    this.live.setFilter({ levels, query, only });
    // Among other lines than before it is somewhere else.
    if (hit !== null) this.goTo(hit);
  }

  /** Stays with what is shown now instead of with the newest line. */
  pause(): void {
    const { follow } = this.viewState.get();
    const paused = pause(follow, this.live.get().view.rows);
    if (paused !== follow) this.viewState.set({ follow: paused });
  }

  /** The list stands at another place. Whoever scrolls to the top wants to follow. */
  scrolled(px: number, top: Row | null): void {
    this.top = top;
    if (px <= topPx) this.follow();
    else this.pause();
  }

  follow(): void {
    if (!this.viewState.get().follow.following) this.viewState.set({ follow: followNewest });
  }

  goTo(row: Row, more: Partial<ViewState> = {}): void {
    this.pause();
    this.viewState.set({ ...more, goal: { row } });
  }

  toggle(row: Row): void {
    const expanded = new Set(this.viewState.get().expanded);
    if (!expanded.delete(row.key)) expanded.add(row.key);
    // What somebody reads must not be pushed away.
    this.pause();
    this.viewState.set({ expanded });
  }

  /** Says what went wrong, unless it only went wrong because nobody waits for it any more. */
  failed(error: unknown, say: (error: ApiError) => void): void {
    if (this.#leaving.signal.aborted) return;
    const known = error instanceof ApiError ? error : new ApiError(0, 'Something went wrong', String(error));
    if (known.unauthorized) this.#callbacks.onUnauthorized();
    else say(known);
  }

  notify(notice: Notice): void {
    this.#callbacks.notify(notice);
  }

  /** Ends what was asked for when nobody waits for it any more. */
  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  close(): void {
    this.#leaving.abort();
    this.live.close();
    this.stream.close();
  }

  get #isEmpty(): boolean {
    return this.stream.getSnapshot().entries.length === 0;
  }

  #watch(): void {
    const snapshot = this.stream.getSnapshot();
    for (const notice of this.#notices.next(snapshot)) this.notify(notice);
    if (snapshot.status === 'unauthorized') this.#callbacks.onUnauthorized();
  }

  #forgetPlaces(): void {
    this.top = null;
    this.viewState.set({
      follow: followNewest,
      hit: null,
      goal: null,
      expanded: new Set(),
      older: { kind: 'idle' },
      gaps: {},
    });
  }
}
