import type {
  EventStream,
  EventStreamOptions,
  PersistOptions,
  SharedTabsOptions,
  StreamErrorCode,
  StreamSnapshot,
  StreamStatus,
} from '../../../src/index.ts';
import { localPersistence } from '../../../src/persist.ts';
import { sharedTabs } from '../../../src/tabs.ts';

/** Options that can be passed into a page, which excludes functions. */
export type TabOptions = Omit<
  EventStreamOptions,
  'headers' | 'persist' | 'tabs' | 'fetch' | 'onResponse' | 'signal'
> & {
  headers?: Record<string, string>;
  persist?: PersistOptions;
  tabs?: SharedTabsOptions;
};

/** A snapshot without its entries, which can be passed out of the page. */
export type Said = Omit<StreamSnapshot, 'entries'>;

/** One change of the connection's state, as a subscriber observed it. */
export interface SeenState {
  status: StreamStatus;
  attempt: number;
  /** Time from the change to the next attempt, in milliseconds; null if none was planned. */
  dueInMs: number | null;
  error: StreamErrorCode | undefined;
  reason: string | undefined;
}

declare global {
  interface Window {
    kit: Kit;
    /** Provided by the test: reports a violation of the page's policy. */
    reportViolation(what: string): void;
  }
}

/** One stream of the page under test, and what a subscriber observed. */
export class Kit {
  stream!: EventStream;
  /** Every change of the connection's state. */
  seen: SeenState[] = [];
  /** Number of calls of the subscriber. */
  calls = 0;
  readonly #create: (url: string, options?: EventStreamOptions) => EventStream;

  readonly wipePersisted: (scope?: string) => void;

  constructor(
    create: (url: string, options?: EventStreamOptions) => EventStream,
    wipePersisted: (scope?: string) => void,
  ) {
    this.#create = create;
    this.wipePersisted = wipePersisted;
  }

  open(url: string, { persist, tabs, ...options }: TabOptions): void {
    this.stream = this.#create(url, {
      ...options,
      ...(persist && { persist: localPersistence(persist) }),
      ...(tabs && { tabs: sharedTabs(tabs) }),
    });
    this.stream.subscribe(() => {
      this.calls++;
      this.#note();
    });
    this.#note();
  }

  said(): Said {
    const { entries, ...said } = this.stream.getSnapshot();
    return said;
  }

  /** The list: data of events, reasons of gaps in brackets. */
  list(): string[] {
    return this.stream
      .getSnapshot()
      .entries.slice()
      .map((entry) => (entry.kind === 'gap' ? `[${entry.reason}]` : entry.data));
  }

  #note(): void {
    const { status, attempt, retryAt, lastError } = this.stream.getSnapshot();
    const last = this.seen.at(-1);
    if (last && last.status === status && last.attempt === attempt) return;
    this.seen.push({
      status,
      attempt,
      dueInMs: retryAt === null ? null : retryAt - Date.now(),
      error: lastError?.code,
      reason: lastError?.reason,
    });
  }
}
