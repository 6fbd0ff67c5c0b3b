import type { EventStream } from '@datashop/sse-client';
import { fetchLogs } from '../../api.ts';
import type { ApiError } from '../../api-error.ts';
import { getFilter, onFilter } from '../../filters/use-filters.ts';
import { asApiError, RetryingLoad } from '../../retrying-load.ts';
import { isOff } from '../logic/connection.ts';
import { followNewest, type PauseReason, pause } from '../logic/follow.ts';
import { ConnectionHistory } from '../logic/history.ts';
import { type Notice, Notices } from '../logic/notices.ts';
import { knownEvents, restorable } from '../logic/pages.ts';
import type { Row } from '../logic/row.ts';
import { LiveView } from './live-view.ts';
import { PollingSignal } from './polling-signal.ts';
import { readOpened, readPreferences, storeOpened } from './preferences.ts';
import { Store } from './store.ts';
import { initialViewState, type ViewState } from './view-state.ts';

export interface ViewerCallbacks {
  /** Called when a response was 401 or 403. */
  onUnauthorized(): void;
  notify(notice: Notice): void;
}

/** Stored logs loaded before the stream begins. */
const seedSize = 200;

/** One user's stream, the view of it, and the commands of the page. */
export class Viewer {
  readonly stream: EventStream;
  readonly live: LiveView;
  readonly viewState = new Store<ViewState>({
    ...initialViewState,
    ...readPreferences(matchMedia('(max-width: 600px)').matches),
    expanded: readOpened(),
  });
  /** When the page was opened, in milliseconds since 1970. */
  readonly openedAt = Date.now();
  /** The row at the top of the visible area, restored when the list is mounted again. */
  top: Row | null = null;
  /** Height of the list's visible part, as it was measured last. At first, that of a large screen. */
  listPx = 800;
  /** Id of the linked line that was brought into view: once, so that it does not move the user later. */
  linkShown = '';
  readonly #callbacks: ViewerCallbacks;
  readonly #notices: Notices;
  readonly #leaving = new AbortController();
  readonly #firstLoad: RetryingLoad;
  readonly #history = new ConnectionHistory();
  readonly #polling: PollingSignal;
  #entered = false;
  #filter = getFilter();
  /** Fills the list at the first load; null: the newest stored logs. */
  #fill: ((signal: AbortSignal) => Promise<void>) | null = null;

  /** The caller closes the stream. */
  constructor(stream: EventStream, user: string, callbacks: ViewerCallbacks) {
    this.#callbacks = callbacks;
    this.stream = stream;
    const isHolder = () => {
      const { role, status } = this.stream.getSnapshot();
      return role !== 'follower' && !isOff(status);
    };
    this.#polling = new PollingSignal(`${user}:${this.stream.url}`, isHolder, () => this.#showPolling());
    this.viewState.set({ enabled: this.stream.getSnapshot().enabledByUser !== false });
    this.#notices = new Notices(this.stream.getSnapshot());
    this.stream.subscribe(() => this.#watch());
    this.#firstLoad = new RetryingLoad({
      load: (signal) => (this.#fill ?? ((leaving) => this.#seed(leaving)))(signal),
      onState: (firstLoad) => {
        this.viewState.set({ firstLoad });
        if (firstLoad.kind === 'failed' && firstLoad.error.unauthorized) callbacks.onUnauthorized();
      },
      mayRetry: () => this.viewState.get().enabled,
    });
    const openWorker = () => new Worker(new URL('./search.worker.ts', import.meta.url), { type: 'module' });
    this.live = new LiveView(this.stream, openWorker);
    this.live.setFilter(getFilter());
    this.signal.addEventListener(
      'abort',
      onFilter(() => this.#filterChanged()),
    );
  }

  /** Call it when Stream mode is shown. Loads the newest stored logs once, then connects unless switched off. */
  async enter(): Promise<void> {
    if (this.#entered) return;
    this.#entered = true;
    await this.#begin();
  }

  /** The Connect button. */
  async switchOn(): Promise<void> {
    this.#notices.expect();
    this.viewState.set({ enabled: true });
    if (this.#isEmpty && !(await this.#firstLoad.run())) return;
    if (this.viewState.get().enabled) this.stream.connect();
  }

  /** The Disconnect button. Keeps all lines. */
  switchOff(): void {
    this.viewState.set({ enabled: false });
    this.stream.disconnect();
    this.#firstLoad.stopRetrying();
  }

  /** Ends the wait before the next attempt. */
  retryNow(): void {
    this.#firstLoad.retryNow();
    this.stream.retryNow();
  }

  /** Drops the streamed lines; stored ones and the connection stay. */
  clear(): void {
    this.#resetPosition();
    this.stream.clear();
  }

  /**
   * Drops everything and loads the newest stored logs again; connects if it was connected.
   *
   * @returns what brings the dropped lines back
   */
  startOver(): () => Promise<void> {
    const { lastEventId, entries, counts } = this.stream.getSnapshot();
    const dropped = restorable(entries);
    void this.#startAgain((signal) => this.#seed(signal));
    return () =>
      this.#startAgain(async () => {
        this.#notices.restore(counts.gaps);
        this.stream.seed(dropped, { lastEventId });
      });
  }

  /** Keeps the visible lines in place instead of following the newest one. */
  pause(why: PauseReason = 'position'): void {
    const { follow } = this.viewState.get();
    const paused = pause(follow, this.live.get().view.rows, why);
    if (paused !== follow) this.viewState.set({ follow: paused });
  }

  /** The Pause button: goes on at the newest line. */
  togglePause(): void {
    if (this.viewState.get().follow.following) this.pause('button');
    else this.follow();
  }

  /** Call it when the list was scrolled. At the newest line, the list follows again. */
  scrolled(isAtNewest: boolean, top: Row | null): void {
    this.top = top;
    if (isAtNewest) this.follow();
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
    const isOpened = !expanded.delete(row.name);
    if (isOpened) expanded.add(row.name);
    // New lines must not push an opened line away.
    this.pause(isOpened ? 'opened' : 'position');
    this.viewState.set({ expanded });
    storeOpened(expanded);
  }

  /** Reports why a load failed, unless it was aborted because the viewer was closed. */
  failed(error: unknown, report: (error: ApiError) => void): void {
    if (this.#leaving.signal.aborted) return;
    const known = asApiError(error);
    if (known.unauthorized) this.#callbacks.onUnauthorized();
    else report(known);
  }

  /** Call it with the reason when the lines are polled for, and with '' when they are streamed. */
  setPolling(why: string): void {
    this.#polling.set(why);
  }

  notify(notice: Notice): void {
    this.#callbacks.notify(notice);
  }

  /** Aborted when the viewer is closed. */
  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  close(): void {
    this.#leaving.abort();
    this.#firstLoad.close();
    this.live.close();
    this.#polling.close();
  }

  get #isEmpty(): boolean {
    return this.stream.getSnapshot().entries.length === 0;
  }

  async #begin(): Promise<void> {
    if (!this.#isEmpty) this.viewState.set({ firstLoad: { kind: 'done' } });
    else if (!(await this.#firstLoad.run())) return;
    if (this.viewState.get().enabled) this.stream.connect();
  }

  async #seed(signal: AbortSignal): Promise<void> {
    const page = await fetchLogs({ limit: seedSize }, signal);
    this.stream.seed(knownEvents(page, 'desc'), { lastEventId: page.lastEventId });
  }

  /** Empties the list, fills it, and connects if it was connected. */
  async #startAgain(fill: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const wasOn = !isOff(this.stream.getSnapshot().status);
    this.stream.disconnect();
    this.#resetPosition();
    this.stream.reset();
    this.#fill = fill;
    const isFilled = await this.#firstLoad.run();
    this.#fill = null;
    if (isFilled && wasOn) this.stream.connect();
  }

  #showPolling(): void {
    const { why } = this.#polling;
    if (why !== this.viewState.get().polling) this.viewState.set({ polling: why });
  }

  #filterChanged(): void {
    const filter = getFilter();
    const { hit } = this.viewState.get();
    const isOther = filter.text !== this.#filter.text || filter.regex !== this.#filter.regex;
    this.#filter = filter;
    this.viewState.set({ selection: null, ...(isOther && { hit: null }) });
    this.live.setFilter(filter);
    // Other lines are visible now, so the hit has another position.
    if (hit !== null && !isOther) this.goTo(hit);
  }

  #watch(): void {
    const snapshot = this.stream.getSnapshot();
    this.#showPolling();
    if (this.#entered && this.#history.add(snapshot, Date.now()))
      this.viewState.set({ periods: this.#history.periods });
    for (const notice of this.#notices.next(snapshot)) this.notify(notice);
    if (snapshot.status === 'unauthorized') this.#callbacks.onUnauthorized();
  }

  #resetPosition(): void {
    this.top = null;
    this.viewState.set({
      follow: followNewest,
      hit: null,
      goal: null,
      expanded: new Set(),
      selection: null,
      clicked: null,
      older: { kind: 'idle' },
      gaps: {},
    });
  }
}
