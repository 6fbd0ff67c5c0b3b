import { useEventStream } from '@datashop/sse-client/react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useToasts } from '../../ui/index.ts';
import { ViewerContext } from './context.tsx';
import { claimStorage } from './stored-lines.ts';
import { streamOptions, streamUrl } from './stream-options.ts';
import { Viewer } from './viewer.ts';

export interface LogStreamProviderProps {
  /** Scope of the persisted lines: a session of another user never reads them. */
  user: string;
  /** Called when a request of the stream was refused with 401 or 403. */
  onUnauthorized: () => void;
  children: ReactNode;
}

/** The provider itself renders for no change of the stream. */
const nothing = () => null;

/** Owns the stream while it is mounted, whichever mode is shown. */
export function LogStreamProvider({ user, onUnauthorized, children }: LogStreamProviderProps) {
  const [viewer, setViewer] = useState<Viewer | null>(null);
  const { notify } = useToasts();
  const latest = useRef({ onUnauthorized, notify, viewer });
  latest.current = { onUnauthorized, notify, viewer };

  // Before the hook of the stream, whose effect reads the stored lines.
  useEffect(() => claimStorage(user), [user]);
  const options = useMemo(() => streamOptions(user, (why) => latest.current.viewer?.setPolling(why)), [user]);
  const { stream } = useEventStream(streamUrl(), { ...options, select: nothing });

  useEffect(() => {
    if (!stream) return;
    const made = new Viewer(stream, user, {
      onUnauthorized: () => latest.current.onUnauthorized(),
      notify: (notice) => latest.current.notify(notice),
    });
    setViewer(made);
    return () => made.close();
  }, [stream, user]);

  return <ViewerContext.Provider value={viewer}>{children}</ViewerContext.Provider>;
}
