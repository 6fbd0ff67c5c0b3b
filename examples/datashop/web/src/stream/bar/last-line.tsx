import { useTime } from '../../ui/index.ts';
import { ageText, isOff } from '../logic/connection.ts';
import { useStream, useStreamValue } from '../state/context.tsx';
import { useNow } from '../state/use-now.ts';

/** When the last line arrived, and how long ago that is while the stream is on. Changes with every line. */
export function LastLine() {
  const { status, lastEventAt, connectedAt } = useStream('status', 'lastEventAt', 'connectedAt');
  const newestAt = useStreamValue(({ entries }) => {
    const newest = entries.at(entries.length - 1);
    return newest?.kind === 'event' ? newest.receivedAt : 0;
  });
  const { formatTime } = useTime();
  const isOn = !isOff(status);
  const now = useNow(isOn);
  const lastLineAt = lastEventAt ?? (newestAt || connectedAt);
  if (lastLineAt === null) return null;
  const age = isOn ? ageText(lastLineAt, now) : '';
  const time = <time dateTime={new Date(lastLineAt).toISOString()}>{formatTime(lastLineAt).slice(0, 8)}</time>;
  return (
    <span className="Stream-quiet" data-testid="last-line">
      {lastEventAt !== null && <>Last line {time}</>}
      {lastEventAt !== null && age && ' · '}
      {age}
    </span>
  );
}
