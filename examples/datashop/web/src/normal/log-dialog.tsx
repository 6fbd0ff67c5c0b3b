import { Button, Spinner } from '@innovaccer/design-system';
import { useEffect, useState } from 'react';
import { addressWith } from '../address.ts';
import { fetchLogs } from '../api.ts';
import { ApiError } from '../api-error.ts';
import type { Log } from '../log.ts';
import { useSession } from '../session.tsx';
import { Dialog, EmptyPane } from '../ui/index.ts';
import { LogDetails } from './log-details.tsx';

export interface LogDialogProps {
  id: string;
  /** The log if the current page contains it; a link may only bring an id. */
  known: Log | undefined;
  onClose: () => void;
}

type Found = Log | 'missing' | ApiError | undefined;

export function LogDialog({ id, known, onClose }: LogDialogProps) {
  const { expire } = useSession();
  const [found, setFound] = useState<Found>(known);
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a log never changes; `attempt` is a trigger
  useEffect(() => {
    if (known) return;
    const leaving = new AbortController();
    setFound(undefined);
    fetchLogs({ upTo: id, limit: 1 }, leaving.signal).then(
      // `up_to` returns the newest log up to the id: another one if this log is no longer kept.
      ({ ids, logs }) => setFound(ids[0] === id && logs[0] ? logs[0] : 'missing'),
      (error) => {
        if (leaving.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        // The log service refuses malformed ids with 400.
        if (error.status === 400) setFound('missing');
        else if (error.unauthorized) expire();
        else setFound(error);
      },
    );
    return () => leaving.abort();
  }, [id, attempt]);

  return (
    <Dialog title="Log" onClose={onClose}>
      {found === undefined ? (
        <div className="empty-pane" aria-busy="true">
          <Spinner size="large" aria-label="Loading" />
        </div>
      ) : found === 'missing' ? (
        <EmptyPane
          icon="history_toggle_off"
          title="This log is no longer kept"
          description="Only the newest logs are kept. The link may also be broken."
        />
      ) : found instanceof ApiError ? (
        <EmptyPane icon="cloud_off" title="The log could not be loaded" description={found.explanation} role="alert">
          <Button appearance="primary" icon="refresh" onClick={() => setAttempt((count) => count + 1)}>
            Try again
          </Button>
        </EmptyPane>
      ) : (
        <LogDetails id={id} log={found} link={() => new URL(addressWith({ log: id }), location.origin).href} />
      )}
    </Dialog>
  );
}
