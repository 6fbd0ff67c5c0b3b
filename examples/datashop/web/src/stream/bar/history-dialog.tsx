import { Dialog, useTime } from '../../ui/index.ts';
import './history-dialog.css';
import { durationText } from '../logic/duration.ts';
import { count } from '../logic/messages.ts';
import { useStreamValue, useViewer, useViewState } from '../state/context.tsx';
import { useNow } from '../state/use-now.ts';

/** When the connection was there, when it was lost, why, and for how long. */
export function HistoryDialog({ onClose }: { onClose: () => void }) {
  const { openedAt } = useViewer();
  const { periods } = useViewState();
  const gaps = useStreamValue(({ counts }) => counts.gaps);
  const dropped = useStreamValue(({ counts }) => counts.dropped);
  const { format } = useTime();
  const now = useNow(true);
  const lost = periods.filter(({ kind }) => kind === 'lost');
  const lostMs = lost.reduce((sum, { from, to }) => sum + (to ?? now) - from, 0);
  return (
    <Dialog title="Connection history" onClose={onClose}>
      <p className="Stream-quiet">
        Since this page was opened at {format(openedAt).slice(0, 19)}:{' '}
        {lost.length === 0
          ? 'never lost.'
          : `not connected ${lost.length === 1 ? 'once' : `${lost.length} times`}, ${durationText(lostMs)} in all.`}
      </p>
      <p>
        {gaps === 0
          ? `No line is missing in the list${lost.length === 0 ? '' : ': the stream went on where it had stopped'}.`
          : `At ${count(gaps, 'place')}, lines may be missing. The list shows where, and can load them.`}
        {dropped > 0 && ` The list has dropped its ${count(dropped, 'oldest line')}; Normal mode has them.`}
      </p>
      <table className="history">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">State</th>
            <th scope="col">For</th>
          </tr>
        </thead>
        <tbody>
          {periods.toReversed().map(({ from, to, kind, text, why }) => (
            <tr key={from + text} data-kind={kind}>
              <th scope="row">
                <time dateTime={new Date(from).toISOString()}>{format(from).slice(0, 19)}</time>
              </th>
              <td>
                <span className="history-state">{text}</span>
                {why && <span className="history-why">{why}</span>}
              </td>
              <td>{to === null ? `${durationText(now - from)}, until now` : durationText(to - from)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
