import { useEffect, useState } from 'react';
import { announcement } from './logic/announce.ts';
import { useViewer } from './state/context.tsx';

const everyMs = 5_000;

/** For screen readers: a summary from time to time. The list itself is silent, or nothing else could be heard. */
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
