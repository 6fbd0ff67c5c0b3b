import { useContext, useEffect, useRef, useState } from 'react';
import './list/line-details.css';
import './list/log-list.css';
import './list/notes.css';
import './stream-mode.css';
import './bar/tools.css';
import { useAddress } from '../address.ts';
import { IconButton } from '../ui/index.ts';
import { Announcer } from './announcer.tsx';
import { ConnectionBar } from './bar/connection-bar.tsx';
import { FindBar } from './bar/find-bar.tsx';
import { Footer } from './bar/footer.tsx';
import { LevelChips } from './bar/level-chips.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { LinkedLine } from './list/linked-line.tsx';
import { ListPane } from './list/list-pane.tsx';
import { useViewer, useViewState, ViewerContext } from './state/context.tsx';

/** Stream mode: live logs on top of the stored ones. */
export function StreamMode() {
  // The provider creates the viewer in an effect, so that the first render has none.
  return useContext(ViewerContext) && <LiveLogs />;
}

function LiveLogs() {
  const viewer = useViewer();
  const { wrap } = useViewState();
  const linked = useAddress().get('log') ?? '';
  const [help, setHelp] = useState(false);
  const find = useRef<HTMLInputElement>(null);
  useEffect(() => void viewer.enter(), [viewer]);
  useShortcuts({ '/': () => find.current?.focus(), '?': () => setHelp(true) });
  return (
    <section className="Stream" aria-label="Live logs">
      <ConnectionBar />
      <div className="Stream-tools">
        <LevelChips />
        <FindBar input={find} />
        <div className="Stream-toolsEnd">
          <button
            type="button"
            className="Stream-option"
            aria-pressed={wrap}
            onClick={() => viewer.viewState.set({ wrap: !wrap })}
          >
            Wrap
          </button>
          <IconButton icon="keyboard" label="Keyboard shortcuts (?)" onClick={() => setHelp(true)} />
        </div>
      </div>
      {linked !== '' && <LinkedLine key={linked} id={linked} />}
      <ListPane linked={linked} />
      <Footer />
      <Announcer />
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </section>
  );
}

/** Single-key shortcuts, inactive in text fields, in dialogs and together with a modifier key. */
function useShortcuts(shortcuts: Record<string, () => void>): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const act = latest.current[event.key];
      const target = event.target as Element;
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.closest('input, textarea, select, dialog, [contenteditable]')) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}
