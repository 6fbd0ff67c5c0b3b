import type { EventEntry, GapEntry } from '@datashop/sse-client';
import { fetchLogs } from '../../api.ts';
import type { ApiError } from '../../api-error.ts';
import { count } from '../logic/messages.ts';
import { entryOf, fetchBetween, knownEvents } from '../logic/pages.ts';
import type { Load } from './view-state.ts';
import type { Viewer } from './viewer.ts';

const olderPageSize = 200;
/** A linked line within this distance is loaded together with all lines between, so that the list has no hole. */
const nearLines = 5_000;

const errorOf = ({ title, detail }: ApiError): Load => ({
  kind: 'error',
  text: [title, detail].filter(Boolean).join('. '),
});

/** Replaces a gap by the lines that are missing there. */
export async function fillGap(viewer: Viewer, gap: GapEntry): Promise<void> {
  const report = (load: Load) => viewer.viewState.set({ gaps: { ...viewer.viewState.get().gaps, [gap.key]: load } });
  report({ kind: 'loading', loaded: 0, total: 0 });
  try {
    const between = { after: gap.afterId, upTo: idAfter(viewer, gap) };
    const progress = (loaded: number, total: number) => report({ kind: 'loading', loaded, total });
    const events = await fetchBetween(fetchLogs, between, progress, viewer.signal);
    const added = viewer.stream.fill(gap.key, events);
    report({ kind: 'idle' });
    if (added === 0) viewer.notify({ tone: 'success', title: 'No line is missing' });
    else viewer.notify({ tone: 'success', title: `${count(added, 'missing line')} loaded` });
  } catch (error) {
    viewer.failed(error, (problem) => report(errorOf(problem)));
  }
}

/** Loads stored lines older than the oldest one in the list. */
export async function loadOlder(viewer: Viewer): Promise<void> {
  const report = (older: Load) => viewer.viewState.set({ older });
  const upTo = oldestId(viewer);
  report({ kind: 'loading', loaded: 0, total: olderPageSize });
  try {
    // The page begins with the oldest line itself, which the list already has.
    const page = await fetchLogs({ upTo, limit: olderPageSize + 1 }, viewer.signal);
    const events = knownEvents(page, 'desc').filter(({ id }) => id !== upTo);
    viewer.stream.seed(events);
    report({ kind: events.length === 0 || page.nextCursor === null ? 'none' : 'idle' });
  } catch (error) {
    viewer.failed(error, (problem) => report(errorOf(problem)));
  }
}

export type Linked =
  | { readonly kind: 'listed' | 'gone' }
  /** Too far from the lines of the list to be shown among them. */
  | { readonly kind: 'alone'; readonly entry: EventEntry };

/** Loads a line that is older than all lines in the list. */
export async function loadLinked(viewer: Viewer, id: string): Promise<Linked> {
  const page = await fetchLogs({ upTo: id, limit: 1 }, viewer.signal);
  const [event] = knownEvents(page, 'desc');
  if (event?.id !== id) return { kind: 'gone' };
  const between = { after: id, upTo: oldestId(viewer) };
  if (between.upTo !== '') {
    const { total } = await fetchLogs({ ...between, limit: 1 }, viewer.signal);
    if (total <= nearLines) {
      const events = await fetchBetween(fetchLogs, between, () => {}, viewer.signal);
      viewer.stream.seed([event, ...events]);
      return { kind: 'listed' };
    }
  }
  return { kind: 'alone', entry: entryOf(event, -1) };
}

export function oldestId({ stream }: Viewer): string {
  for (const entry of stream.getSnapshot().entries) if (entry.kind === 'event' && entry.id !== '') return entry.id;
  return '';
}

/** Id of the first event after the gap, which bounds what can be missing; '' if there is none yet. */
function idAfter({ stream }: Viewer, gap: GapEntry): string {
  let passed = false;
  for (const entry of stream.getSnapshot().entries) {
    if (entry.key === gap.key) passed = true;
    else if (passed && entry.kind === 'event' && entry.id !== '') return entry.id;
  }
  return '';
}
