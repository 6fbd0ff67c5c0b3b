import { useEffect, useRef, useState } from 'react';
import { Glyph } from './glyph.tsx';
import { IconButton } from './icon-button.tsx';

export type Tone = 'info' | 'success' | 'warning' | 'error';

export interface Notice {
  tone: Tone;
  title: string;
  detail?: string;
  /** A button. The toast is shown for ten seconds then. */
  action?: { label: string; act(): void };
}

/** How long a toast is shown, in milliseconds. Errors stay longest because they need the most reading. */
const shownMs: Record<Tone, number> = { info: 5_000, success: 4_000, warning: 8_000, error: 12_000 };
const actionMs = 10_000;
const ICONS: Record<Tone, string> = { info: 'info', success: 'check_circle', warning: 'warning', error: 'error' };

export function Toast({ notice, onDismiss }: { notice: Notice; onDismiss: () => void }) {
  const { tone, title, detail, action } = notice;
  const [held, setHeld] = useState(0);
  const leftMs = useRef(action ? actionMs : shownMs[tone]);
  const dismiss = useRef(onDismiss);
  dismiss.current = onDismiss;
  useEffect(() => {
    // The timer is held while the pointer or the focus is on the toast: the user is still reading.
    if (held > 0) return;
    const began = performance.now();
    const timer = setTimeout(() => dismiss.current(), leftMs.current);
    return () => {
      clearTimeout(timer);
      leftMs.current -= performance.now() - began;
    };
  }, [held]);
  const hold = () => setHeld((count) => count + 1);
  const release = () => setHeld((count) => count - 1);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointer and focus only hold the timer; the element is not a control
    <div className={`toast toast--${tone}`} onMouseEnter={hold} onMouseLeave={release} onFocus={hold} onBlur={release}>
      <Glyph name={ICONS[tone]} size={20} />
      <div className="toast-text">
        <p className="toast-title">{title}</p>
        {detail && <p className="toast-detail">{detail}</p>}
      </div>
      {action && (
        <button
          type="button"
          className="link-button toast-action"
          onClick={() => {
            action.act();
            onDismiss();
          }}
        >
          {action.label}
        </button>
      )}
      <IconButton icon="close" label={`Dismiss: ${title}`} size={16} onClick={onDismiss} />
    </div>
  );
}
