import { type PointerEvent, useCallback, useEffect, useRef } from 'react';
import { useViewer } from '../state/context.tsx';

/**
 * Keeps the rows in place while the pointer is pressed on one. A click needs its press and its release on the same
 * element: without this, a line that arrives in between would move the row away and the click would be lost.
 *
 * @returns the handler of a press
 */
export function usePress(): (event: PointerEvent) => void {
  const { live } = useViewer();
  const press = useRef<AbortController | null>(null);
  const end = useCallback(() => {
    if (press.current === null) return;
    press.current.abort();
    press.current = null;
    live.letGo();
  }, [live]);
  useEffect(() => end, [end]);

  return ({ button }) => {
    // The release of another button may go to the browser's own menu.
    if (button !== 0) return;
    end();
    press.current = new AbortController();
    live.hold();
    for (const type of ['pointerup', 'pointercancel', 'blur']) window.addEventListener(type, end, press.current);
  };
}
