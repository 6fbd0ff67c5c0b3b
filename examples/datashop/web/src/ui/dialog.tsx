import { type ReactNode, useEffect, useId, useRef } from 'react';
import './dialog.css';
import { IconButton } from './icon-button.tsx';

export interface DialogProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

/**
 * The browser's own modal dialog, as a sheet at the side: it keeps the focus in, gives it back, and closes on Escape.
 * It is open for as long as it is rendered.
 */
export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // Removed from the page, a dialog can no longer give the focus back by itself.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard's way out is Escape
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      // A click that hits the dialog itself hit its backdrop: the sheet covers the rest.
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div className="dialog-sheet">
        <header className="dialog-head">
          <h2 className="dialog-title" id={titleId}>
            {title}
          </h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        <div className="dialog-body">{children}</div>
      </div>
    </dialog>
  );
}
