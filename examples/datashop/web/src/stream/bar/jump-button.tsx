import { useState } from 'react';
import { Glyph } from '../../ui/index.ts';
import { UnreadCounter, unreadText } from '../logic/follow.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** The number of lines that arrived while the list was paused, and the way back to the newest. */
export function JumpButton() {
  const viewer = useViewer();
  const { follow, order } = useViewState();
  const view = useLive((live) => (follow.following ? null : live.view));
  const [counter] = useState(() => new UnreadCounter());
  if (view === null) return null;
  const news = counter.count(follow, view);
  return (
    <button
      type="button"
      className={`Stream-jump${news.errors > 0 ? ' has-errors' : news.lines > 0 ? ' has-news' : ''}`}
      data-testid="jump"
      onClick={() => {
        // The button is about to be removed: move the focus to the list, or it would be lost.
        document.querySelector<HTMLElement>('.Stream-list')?.focus({ preventScroll: true });
        viewer.follow();
      }}
    >
      <Glyph name={order === 'newest-first' ? 'arrow_upward' : 'arrow_downward'} />
      {unreadText(news)}
    </button>
  );
}
