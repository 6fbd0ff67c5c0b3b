import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useToasts } from '../../ui/index.ts';
import { ViewerContext } from './context.tsx';
import { Viewer } from './viewer.ts';

export interface LogStreamProviderProps {
  /** Scope of the persisted lines: a session of another user never reads them. */
  user: string;
  /** Called when a request of the stream was refused with 401 or 403. */
  onUnauthorized: () => void;
  children: ReactNode;
}

/** Owns the stream while it is mounted, whichever mode is shown. */
export function LogStreamProvider({ user, onUnauthorized, children }: LogStreamProviderProps) {
  const [viewer, setViewer] = useState<Viewer | null>(null);
  const { notify } = useToasts();
  const latest = useRef({ onUnauthorized, notify });
  latest.current = { onUnauthorized, notify };

  useEffect(() => {
    const made = new Viewer(user, {
      onUnauthorized: () => latest.current.onUnauthorized(),
      notify: (notice) => latest.current.notify(notice),
    });
    setViewer(made);
    return () => made.close();
  }, [user]);

  return <ViewerContext.Provider value={viewer}>{children}</ViewerContext.Provider>;
}
