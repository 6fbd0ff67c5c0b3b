import { useEffect, useRef, useState } from 'react';
import { adjust } from '../../address.ts';
import { clearFilters } from '../../filters/use-filters.ts';
import { IconButton, LevelBadge, useTime } from '../../ui/index.ts';
import { parseLine } from '../logic/line.ts';
import { firstFrom } from '../logic/row.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';
import { type Linked, loadLinked } from '../state/loaders.ts';
import { LineDetails } from './line-details.tsx';

type Found = Linked | { readonly kind: 'looking' } | { readonly kind: 'error'; readonly text: string };

/** Brings the line that the address links to into view, or shows it above the list if it is far older than the list. */
export function LinkedLine({ id }: { id: string }) {
  const viewer = useViewer();
  const isShown = viewer.linkShown === id;
  const view = useLive((live) => (isShown ? null : live.view));
  const { firstLoad } = useViewState();
  const loading = firstLoad.kind === 'loading' || firstLoad.kind === 'waiting';
  const [found, setFound] = useState<Found>({ kind: viewer.linkShown === id ? 'listed' : 'looking' });
  const asked = useRef('');
  /** The rows that have been looked at. */
  const seen = useRef({ pass: -1, place: -1 });

  useEffect(() => {
    if (loading || view === null || viewer.linkShown === id) return;
    // Wait until the view has caught up with the stream, unless the stream is empty.
    if (view.entries === 0 && viewer.stream.getSnapshot().entries.length > 0) return;
    const { rows, pass } = view;
    const first = seen.current.pass === pass ? firstFrom(rows, seen.current.place + 1) : 0;
    seen.current = { pass, place: rows.at(-1)?.place ?? -1 };
    const row = rows.slice(first).find((each) => each.id === id);
    if (row) {
      viewer.linkShown = id;
      setFound({ kind: 'listed' });
      viewer.goTo(row, { expanded: new Set([...viewer.viewState.get().expanded, row.name]) });
      return;
    }
    if (asked.current === id) return;
    asked.current = id;
    // The line may be present but filtered out.
    clearFilters();
    for (const entry of viewer.stream.getSnapshot().entries) if (entry.kind === 'event' && entry.id === id) return;
    setFound({ kind: 'looking' });
    loadLinked(viewer, id).then(setFound, (error) =>
      viewer.failed(error, ({ title }) => setFound({ kind: 'error', text: title })),
    );
  }, [viewer, view, loading, id]);

  if (found.kind === 'listed') return null;
  return (
    <aside className="Stream-linked" aria-label="Linked line">
      {found.kind === 'alone' ? (
        <Alone entry={found.entry} />
      ) : (
        <p role="status">
          {found.kind === 'looking' && 'Looking for the linked line…'}
          {found.kind === 'gone' && 'The linked line is no longer kept by the log service.'}
          {found.kind === 'error' && `The linked line could not be loaded: ${found.text}`}
        </p>
      )}
      <IconButton icon="close" label="Close the linked line" onClick={() => adjust({ log: undefined })} />
    </aside>
  );
}

function Alone({ entry }: Pick<Extract<Linked, { kind: 'alone' }>, 'entry'>) {
  const { format } = useTime();
  const line = parseLine(entry);
  return (
    <div className="Stream-alone" data-testid="linked" data-id={entry.id}>
      <p>
        <strong>Linked line</strong>
        <span className="Stream-quiet">older than what is in the list</span>
        <time dateTime={new Date(line.time).toISOString()}>{format(line.time)}</time>
        {line.label && <LevelBadge level={line.label} />}
      </p>
      <p className="Stream-message">{line.message}</p>
      <LineDetails id="stream-linked" entry={entry} line={line} />
    </div>
  );
}
