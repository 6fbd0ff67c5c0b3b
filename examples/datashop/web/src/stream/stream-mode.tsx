import { useContext, useEffect, useRef, useState } from 'react';
import './list/line-details.css';
import './list/log-list.css';
import './list/list-variants.css';
import './list/ansi.css';
import './list/notes.css';
import './stream-mode.css';
import './bar/tools.css';
import { useAddress } from '../address.ts';
import { ActiveFilters } from '../filters/active-filters.tsx';
import { FieldFilters } from '../filters/field-filters.tsx';
import { LevelChips } from '../filters/level-chips.tsx';
import { useFilters } from '../filters/use-filters.ts';
import { Announcer } from './announcer.tsx';
import { ConnectionBar } from './bar/connection-bar.tsx';
import { FindBar } from './bar/find-bar.tsx';
import { Footer } from './bar/footer.tsx';
import { ListBar } from './bar/list-bar.tsx';
import { StreamVolume } from './bar/stream-volume.tsx';
import { useErrorSteps } from './bar/use-error-steps.ts';
import { HelpDialog } from './help-dialog.tsx';
import { AroundPane } from './list/around-pane.tsx';
import { LinkedLine } from './list/linked-line.tsx';
import { ListPane } from './list/list-pane.tsx';
import { useLive, useViewer, useViewState, ViewerContext } from './state/context.tsx';
import { useErrorSignal } from './use-error-signal.ts';
import { useShortcuts } from './use-shortcuts.ts';

/** Stream mode: live logs on top of the stored ones. */
export function StreamMode() {
  // The provider creates the viewer in an effect, so that the first render has none.
  return useContext(ViewerContext) && <LiveLogs />;
}

function LiveLogs() {
  const viewer = useViewer();
  const { keys, volume } = useViewState();
  const address = useAddress();
  const linked = address.get('log') ?? '';
  const around = address.get('around') ?? '';
  const [isHelp, setHelp] = useState(false);
  const find = useRef<HTMLInputElement>(null);
  const stepToError = useErrorSteps();
  useEffect(() => void viewer.enter(), [viewer]);
  useErrorSignal();
  useShortcuts(keys, {
    '/': () => find.current?.focus(),
    '?': () => setHelp(true),
    p: () => viewer.togglePause(),
    e: () => stepToError(true),
    E: () => stepToError(false),
  });
  return (
    <section className="Stream" aria-label="Live logs">
      <ConnectionBar />
      {around === '' && <FilterTools find={find} />}
      {around === '' && volume && <StreamVolume />}
      <ListBar stepToError={stepToError} onHelp={() => setHelp(true)} isPlain={around !== ''} />
      {linked !== '' && around === '' && <LinkedLine key={linked} id={linked} />}
      {around === '' ? <ListPane linked={linked} /> : <AroundPane key={around} id={around} />}
      <Footer />
      <Announcer />
      {isHelp && <HelpDialog onClose={() => setHelp(false)} />}
    </section>
  );
}

/** The filters, those for time, run and stage on demand. */
function FilterTools({ find }: { find: React.RefObject<HTMLInputElement> }) {
  const counts = useLive(({ view }) => view.counts);
  const { levels } = useFilters();
  const [isOpen, setOpen] = useState(false);
  const { OTHER, ...four } = counts;
  // Most streams have no other level: its switch appears with the first such line, and stays while it is off.
  const shown = OTHER > 0 || !levels.has('OTHER') ? counts : four;
  return (
    <>
      <div className="Stream-tools">
        <LevelChips counts={shown} isCounted />
        <FindBar input={find} />
        <button type="button" className="option" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Time, run, stage
        </button>
      </div>
      {isOpen && (
        <div className="Stream-fieldFilters">
          <FieldFilters />
        </div>
      )}
      <ActiveFilters />
    </>
  );
}
