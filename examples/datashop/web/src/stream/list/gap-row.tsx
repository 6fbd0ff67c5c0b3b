import type { GapEntry } from '@datashop/sse-client';
import { Button } from '@innovaccer/design-system';
import { Glyph, useTime } from '../../ui/index.ts';
import { reasonInWords } from '../logic/messages.ts';
import { useViewer, useViewState } from '../state/context.tsx';
import { fillGap } from '../state/loaders.ts';

/** A gap in the list: its reason, and the button that loads the missing lines. */
export function GapRow({ gap }: { gap: GapEntry }) {
  const viewer = useViewer();
  const { formatTime } = useTime();
  const load = useViewState().gaps[gap.key] ?? { kind: 'idle' };
  const time = (ms: number) => formatTime(ms).slice(0, 8);
  return (
    <div className="Stream-gap">
      <Glyph name="link_off" />
      <span className="Stream-gapText">
        Connection lost <time dateTime={new Date(gap.from).toISOString()}>{time(gap.from)}</time>–
        <time dateTime={new Date(gap.to).toISOString()}>{time(gap.to)}</time>
        <span className="Stream-gapReason"> · lines may be missing: {reasonInWords(gap.reason)}</span>
        {load.kind === 'error' && <span className="Stream-problem"> · {load.text}</span>}
      </span>
      {load.kind === 'loading' ? (
        <span className="Stream-gapProgress" role="status">
          {load.total === 0 ? 'Loading…' : `${load.loaded.toLocaleString('en')} of ${load.total.toLocaleString('en')}`}
        </span>
      ) : gap.reason === 'trimmed' ? null : gap.afterId === '' ? (
        <span className="Stream-gapReason">Where it began is not known</span>
      ) : (
        <Button size="tiny" onClick={() => void fillGap(viewer, gap)}>
          {load.kind === 'error' ? 'Try again' : 'Load what was missed'}
        </Button>
      )}
    </div>
  );
}
