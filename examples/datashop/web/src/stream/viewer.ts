import type { EventStream } from '@datashop/sse-client';
import { ApiError, fetchLogs } from '../api.ts';
import { LiveView } from './live-view.ts';
import { isOff } from './logic/connection.ts';
import { FOLLOWING, pause, TOP_PX } from './logic/follow.ts';
import { type Notice, Notices } from './logic/notices.ts';
import { knownEvents } from './logic/pages.ts';
import type { Row } from './logic/row.ts';
import { FIRST_LOOKS, type Looks } from './looks.ts';
import { openStream } from './session.ts';
import { Store } from './store.ts';

export interface Outside {
  /** An answer was 401 or 403. */
  onUnauthorized(): void;
  notify(notice: Notice): void;
}

const SEED = 200;
/** One user's stream, what is seen of it, and what can be done with it. */
export class Viewer {
  readonly stream: EventStream;
  readonly live: LiveView;
  readonly looks = new Store(FIRST_LOOKS);
  readonly #outside: Outside;
  readonly #notices: Notices;
  readonly #leaving = new AbortController();
  /** The row at the top, for when the list is shown again. */
  top: Row | null = null;
  /** The linked line that was brought into view: once is enough, whoever comes back is elsewhere by then. */
  linkShown = '';
  #entered = false;

  constructor(user: string, outside: Outside) {
    this.#outside = outside;
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
    this.looks.set({ loading: false });
    if (ready && this.stream.getSnapshot().enabledByUser !== false) this.stream.connect();
  }

  /** The newest stored logs. @returns whether they could be loaded */
  async load(): Promise<boolean> {
    this.looks.set({ loading: true, loadError: null });
    try {
      const page = await fetchLogs({ limit: SEED }, this.#leaving.signal);
      this.stream.seed(knownEvents(page, 'desc'), { lastEventId: page.lastEventId });
      return true;
    } catch (error) {
      this.failed(error, (loadError) => this.looks.set({ loadError }));
      return false;
    } finally {
      this.looks.set({ loading: false });
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

  look(patch: Partial<Pick<Looks, 'levels' | 'query' | 'only'>>): void {
    this.looks.set(patch.query ? { ...patch, hit: null } : patch);
    const { levels, query, only, hit } = this.looks.get();
    this.live.want({ levels, query, only });
    // Among other lines than before it is somewhere else.
    if (hit !== null) this.goTo(hit);
  }

  /** Stays with what is shown now instead of with the newest line. */
  pause(): void {
    const { follow } = this.looks.get();
    const paused = pause(follow, this.live.get().view.rows);
    if (paused !== follow) this.looks.set({ follow: paused });
  }

  /** The list stands at another place. Whoever scrolls to the top wants to follow. */
  scrolled(px: number, top: Row | null): void {
    this.top = top;
    if (px <= TOP_PX) this.follow();
    else this.pause();
  }

  follow(): void {
    if (!this.looks.get().follow.following) this.looks.set({ follow: FOLLOWING });
  }

  goTo(row: Row, more: Partial<Looks> = {}): void {
    this.pause();
    this.looks.set({ ...more, goal: { row } });
  }

  toggle(row: Row): void {
    const expanded = new Set(this.looks.get().expanded);
    if (!expanded.delete(row.key)) expanded.add(row.key);
    // What somebody reads must not be pushed away.
    this.pause();
    this.looks.set({ expanded });
  }

  /** Says what went wrong, unless it only went wrong because nobody waits for it any more. */
  failed(error: unknown, say: (error: ApiError) => void): void {
    if (this.#leaving.signal.aborted) return;
    const known = error instanceof ApiError ? error : new ApiError(0, 'Something went wrong', String(error));
    if (known.unauthorized) this.#outside.onUnauthorized();
    else say(known);
  }

  notify(notice: Notice): void {
    this.#outside.notify(notice);
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
    if (snapshot.status === 'unauthorized') this.#outside.onUnauthorized();
  }

  #forgetPlaces(): void {
    this.top = null;
    this.looks.set({
      follow: FOLLOWING,
      hit: null,
      goal: null,
      expanded: new Set(),
      older: { kind: 'idle' },
      gaps: {},
    });
  }
}
