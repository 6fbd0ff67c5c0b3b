import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useToasts } from '../../ui/index.ts';
import { ViewerContext } from './context.tsx';
import { Viewer } from './viewer.ts';

export interface LogStreamProviderProps {
  /** Whose logs they are: nobody else's session ever reads what is kept of them. */
  user: string;
  /** The stream was answered 401 or 403. */
  onUnauthorized: () => void;
  children: ReactNode;
}

/** Holds the stream for as long as it is mounted, whichever mode is shown. */
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
