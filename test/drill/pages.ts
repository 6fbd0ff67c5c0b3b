import { createEventStream, type Entry, type EventStream } from '@datashop/sse-client';
import { localPersistence, type PersistOptions } from '@datashop/sse-client/persist';
import { MemoryStorage } from '../../packages/sse-client/test/support/storage.ts';
import { until } from '../../packages/sse-proxy/test/support/until.ts';
import { readFrame } from '../faults/support/events.ts';
import type { Fleet } from '../scale/fleet/fleet.ts';
import { type Counts, countReasons } from './browser-counts.ts';
import { LogService } from './log-service.ts';

const pageCount = 20;
/** Short, so that a page that is left has written something. */
const debounceMs = 100;
/** Characters that a full storage still accepts: a few lines and the cursor. */
const quota = 2_000;

/** Creates a stream that connects and persists. */
export type Create = (url: string, persist: PersistOptions) => EventStream;

const createOwn: Create = (url, options) =>
  createEventStream(url, { autoConnect: true, persist: localPersistence(options) });

/** A page with sse-client that persists the shown lines in the browser's storage. */
class Page {
  storage = new MemoryStorage();
  readonly #url: string;
  #stream!: EventStream;

  constructor(url: string, create = createOwn) {
    this.#url = url;
    this.open(create);
  }

  /** @param create of the sse-client that the page has loaded */
  open(create = createOwn): void {
    this.#stream = create(this.#url, { scope: 'drill', storage: this.storage, debounceMs });
  }

  close(): void {
    this.#stream.close();
  }

  get state() {
    return this.#stream.getSnapshot();
  }

  /** Numbers of the lines that it shows, in their order. */
  get numbers(): number[] {
    return [...this.state.entries].flatMap((entry) => numberOf(entry) ?? []);
  }

  /** Reasons of the gaps that it shows. */
  get gapReasons(): string[] {
    return [...this.state.entries].flatMap((entry) => (entry.kind === 'gap' ? [entry.reason] : []));
  }

  /** Number of the last line; 0 if the last entry is a gap, or there is none. */
  get last(): number {
    const { entries } = this.state;
    return numberOf(entries.at(entries.length - 1)) ?? 0;
  }
}

function numberOf(entry: Entry | undefined): number | undefined {
  return entry?.kind === 'event' ? readFrame(LogService.textOf(entry.data))?.sequence : undefined;
}

type DrilledFleet = Fleet<LogService>;

/** Pages whose storage is wiped while they are closed: they return as new ones. */
export function wipeStorage(fleet: DrilledFleet): Promise<Partial<Counts>> {
  return withPages(fleet, async (pages) => {
    for (const page of pages) {
      page.close();
      page.storage = new MemoryStorage();
      page.open();
    }
    await haveNewest(fleet, pages);
    return countsOf(pages, (page) => page.numbers[0] ?? 0);
  });
}

/** Pages whose storage is full while lines arrive, and that are reloaded then. */
export function fillStorage(fleet: DrilledFleet): Promise<Partial<Counts>> {
  return withPages(fleet, async (pages) => {
    for (const { storage } of pages) storage.quota = quota;
    await until(() => pages.every(({ state }) => state.persistence === 'full'));
    await haveNewest(fleet, pages);
    return reload(fleet, pages);
  });
}

/**
 * Pages with the sse-client of another checkout, which stay open during `action` and are reloaded with this one's after
 * it; and the reverse.
 */
export function changeClient(
  fleet: DrilledFleet,
  other: Create,
  action: () => Promise<void>,
): Promise<Partial<Counts>> {
  const createOf = (index: number, isReloaded: boolean) => ((index % 2 === 0) === isReloaded ? createOwn : other);
  return withPages(
    fleet,
    async (pages) => {
      await action();
      await haveNewest(fleet, pages);
      return reload(fleet, pages, (index) => createOf(index, true));
    },
    (index) => createOf(index, false),
  );
}

/** Reloads the pages. They may show fewer lines then, but must go on behind the last one. */
async function reload(
  fleet: DrilledFleet,
  pages: readonly Page[],
  createOf?: (index: number) => Create,
): Promise<Partial<Counts>> {
  const next = new Map(pages.map((page) => [page, page.last + 1]));
  for (const [index, page] of pages.entries()) {
    page.close();
    page.open(createOf?.(index));
  }
  await haveNewest(fleet, pages);
  return countsOf(pages, (page) => Math.min(page.numbers[0] ?? 0, next.get(page) ?? 0));
}

async function withPages<T>(
  fleet: DrilledFleet,
  use: (pages: readonly Page[]) => Promise<T>,
  createOf?: (index: number) => Create,
): Promise<T> {
  const pages = Array.from({ length: pageCount }, (_, index) => new Page(fleet.url, createOf?.(index)));
  try {
    await haveNewest(fleet, pages);
    return await use(pages);
  } finally {
    for (const page of pages) page.close();
  }
}

/** Resolves when each page shows a line that was written after the call. */
async function haveNewest(fleet: DrilledFleet, pages: readonly Page[]): Promise<void> {
  const newest = await fleet.upstream.newest();
  await until(() => pages.every(({ last }) => last > newest));
}

/** @param firstOf number of the first line that a page must show */
function countsOf(pages: readonly Page[], firstOf: (page: Page) => number): Partial<Counts> {
  let [lost, unannounced, repeated] = [0, 0, 0];
  const reasons: string[] = [];
  for (const page of pages) {
    const { numbers, last } = page;
    const missing = last - firstOf(page) + 1 - new Set(numbers).size;
    lost += missing;
    if (page.state.counts.gaps === 0) unannounced += missing;
    repeated += numbers.length - new Set(numbers).size;
    reasons.push(...page.gapReasons);
  }
  return { lost, unannounced, repeated, repeatedInClient: repeated, gaps: countReasons(reasons) };
}
