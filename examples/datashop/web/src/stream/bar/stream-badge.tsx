import { useContext, useSyncExternalStore } from 'react';
import './stream-badge.css';
import { count } from '../logic/messages.ts';
import { ViewerContext } from '../state/context.tsx';
import type { Viewer } from '../state/viewer.ts';

const maxShown = 9_999;

/** The number of streamed lines, shown beside the tabs. */
export function StreamBadge() {
  const viewer = useContext(ViewerContext);
  return viewer && <Fresh viewer={viewer} />;
}

function Fresh({ viewer: { stream } }: { viewer: Viewer }) {
  const fresh = useSyncExternalStore(stream.subscribe, () => Math.min(stream.getSnapshot().counts.fresh, maxShown + 1));
  if (fresh === 0) return null;
  return (
    <span className="Stream-badge">
      <span aria-hidden="true">{fresh > maxShown ? '9,999+' : fresh.toLocaleString('en')}</span>
      <span className="unseen">{fresh > maxShown ? 'more than 9,999 new lines' : count(fresh, 'new line')}</span>
    </span>
  );
}
