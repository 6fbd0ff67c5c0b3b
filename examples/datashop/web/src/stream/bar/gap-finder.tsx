import { Button } from '@innovaccer/design-system';
import { useRef } from 'react';
import { nextRow } from '../logic/hits.ts';
import { count } from '../logic/messages.ts';
import type { Row } from '../logic/row.ts';
import { useStreamValue, useViewer } from '../state/context.tsx';

/** A button that goes to the newest gap, then to the previous one, and around. */
export function GapFinder() {
  const viewer = useViewer();
  const gaps = useStreamValue(({ counts }) => counts.gaps);
  const last = useRef<Row | null>(null);
  if (gaps === 0) return null;
  const show = () => {
    const next = nextRow(viewer.live.get().view.rows, ({ gap }) => gap !== null, last.current, true);
    last.current = next;
    if (next !== null) viewer.goTo(next);
  };
  return (
    <Button size="tiny" onClick={show}>
      {`Show ${count(gaps, 'gap')}`}
    </Button>
  );
}
