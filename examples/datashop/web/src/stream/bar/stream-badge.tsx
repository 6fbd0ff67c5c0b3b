import { useContext, useSyncExternalStore } from 'react';
import './stream-badge.css';
import { count } from '../logic/messages.ts';
import { ViewerContext } from '../state/context.tsx';
import type { Viewer } from '../state/viewer.ts';

/** The number of streamed lines, shown beside the tabs. */
export function StreamBadge() {
  const viewer = useContext(ViewerContext);
  return viewer && <Fresh viewer={viewer} />;
}

function Fresh({ viewer: { stream } }: { viewer: Viewer }) {
  const fresh = useSyncExternalStore(stream.subscribe, () => stream.getSnapshot().counts.fresh);
  if (fresh === 0) return null;
  return (
    <span className="Stream-badge">
      <span aria-hidden="true">{fresh > 9_999 ? '9,999+' : fresh.toLocaleString('en')}</span>
      <span className="unseen">{count(fresh, 'new line')}</span>
    </span>
  );
}
