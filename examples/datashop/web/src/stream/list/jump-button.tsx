import { Glyph } from '../../ui/index.ts';
import { unread, unreadText } from '../logic/follow.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** What came while somebody read, and the way there. */
export function JumpButton() {
  const viewer = useViewer();
  const { rows } = useLive().view;
  const { follow } = useViewState();
  if (follow.following) return null;
  const news = unread(follow, rows);
  return (
    <button
      type="button"
      className={`Stream-jump${news.errors > 0 ? ' has-errors' : news.lines > 0 ? ' has-news' : ''}`}
      data-testid="jump"
      onClick={({ currentTarget }) => {
        // The button leaves the page, and must not take the focus with it.
        currentTarget.parentElement?.querySelector<HTMLElement>('.Stream-list')?.focus({ preventScroll: true });
        viewer.follow();
      }}
    >
      <Glyph name="arrow_upward" />
      {unreadText(news)}
    </button>
  );
}
