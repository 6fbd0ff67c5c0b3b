import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { type Notice, Toast } from './toast.tsx';
import './toasts.css';

export interface Toasts {
  notify(notice: Notice): void;
}

/** Toasts shown at once. The oldest is removed first. */
const maxShown = 4;

const ToastContext = createContext<Toasts | undefined>(undefined);

export function ToastProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<(Notice & { id: number })[]>([]);
  const nextId = useRef(0);
  const toasts = useMemo<Toasts>(
    () => ({
      notify: (notice) => {
        const id = nextId.current++;
        setShown((before) => [...before, { ...notice, id }].slice(-maxShown));
      },
    }),
    [],
  );
  const dismiss = useCallback((id: number) => setShown((before) => before.filter((toast) => toast.id !== id)), []);
  const list = (urgent: boolean) =>
    shown
      .filter(({ tone }) => (tone === 'error') === urgent)
      .map((toast) => <Toast key={toast.id} notice={toast} onDismiss={() => dismiss(toast.id)} />);
  return (
    <ToastContext.Provider value={toasts}>
      {children}
      {/* Rendered before the first toast: screen readers ignore a live region that is added together with its text. */}
      <div className="toasts">
        <div role="alert">{list(true)}</div>
        <div role="status">{list(false)}</div>
      </div>
    </ToastContext.Provider>
  );
}

export function useToasts(): Toasts {
  const toasts = useContext(ToastContext);
  if (!toasts) throw new Error('useToasts needs a ToastProvider');
  return toasts;
}
