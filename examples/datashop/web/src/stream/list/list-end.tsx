import { Button } from '@innovaccer/design-system';
import { useStreamValue, useViewer, useViewState } from '../state/context.tsx';
import { loadOlder } from '../state/loaders.ts';
import { maxLines } from '../state/stream-options.ts';

/** Shown below the oldest line: how to reach older ones. */
export function ListEnd() {
  const viewer = useViewer();
  const { older } = useViewState();
  const full = useStreamValue(({ entries, counts }) => entries.length >= maxLines || counts.dropped > 0);
  if (full) {
    return (
      <p className="Stream-end">
        The list keeps the newest {maxLines.toLocaleString('en')} lines. Normal mode shows older ones.
      </p>
    );
  }
  if (older.kind === 'none') return <p className="Stream-end">This is the oldest stored line.</p>;
  const loading = older.kind === 'loading';
  return (
    <div className="Stream-end">
      {older.kind === 'error' && (
        <span className="Stream-problem" role="alert">
          {older.text}
        </span>
      )}
      <Button size="tiny" loading={loading} disabled={loading} onClick={() => void loadOlder(viewer)}>
        {older.kind === 'error' ? 'Try again' : 'Load older lines'}
      </Button>
    </div>
  );
}
