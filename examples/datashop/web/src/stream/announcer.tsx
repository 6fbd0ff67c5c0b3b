import { useEffect, useState } from 'react';
import { announcement } from './logic/announce.ts';
import { useViewer } from './state/context.tsx';

const everyMs = 5_000;

/** Announces a summary of new lines to screen readers at intervals. The list itself is not a live region. */
export function Announcer() {
  const { live } = useViewer();
  const [text, setText] = useState('');
  useEffect(() => {
    let before = live.get().view.arrived;
    const timer = setInterval(() => {
      const { arrived } = live.get().view;
      setText(announcement(before, arrived));
      before = arrived;
    }, everyMs);
    return () => clearInterval(timer);
  }, [live]);
  return (
    <div className="unseen" role="status" data-testid="announcer">
      {text}
    </div>
  );
}
