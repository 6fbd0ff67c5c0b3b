import { type KeyboardEvent, type RefObject, useEffect, useId, useRef, useState } from 'react';
import { maxTextChars } from '../../filters/log-filter.ts';
import { setFilters, useFilters } from '../../filters/use-filters.ts';
import { Glyph, IconButton } from '../../ui/index.ts';
import { hitText, nextHit } from '../logic/hits.ts';
import { indexOfRow } from '../logic/row.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** Searches while the user types, in the present lines and in those that arrive later. */
export function FindBar({ input }: { input: RefObject<HTMLInputElement> }) {
  const viewer = useViewer();
  const hits = useLive(({ view }) => view.hits);
  const pattern = useLive((live) => live.pattern);
  const problem = useLive((live) => live.problem);
  const progress = useLive((live) => live.progress);
  const { text, regex, marksAll } = useFilters();
  const { hit, follow, order } = useViewState();
  const isNewestFirst = order === 'newest-first';
  const problemId = useId();
  /** The direction of a step that was requested before the search was complete. */
  const pendingStep = useRef<boolean | null>(null);

  const step = (down: boolean) => {
    if (progress < 1) {
      pendingStep.current = down;
      return;
    }
    const from = hit ?? (follow.following ? null : viewer.top);
    // If the row at the top is a hit itself, go there first.
    const next =
      hit === null && from !== null && indexOfRow(hits, from) !== -1
        ? from
        : nextHit(hits, from, isNewestFirst ? down : !down);
    if (next !== null) viewer.goTo(next, { hit: next });
  };
  useEffect(() => {
    if (progress < 1 || pendingStep.current === null) return;
    const down = pendingStep.current;
    pendingStep.current = null;
    step(down);
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') step(!event.shiftKey);
    else if (event.key === 'Escape' && text !== '') setFilters({ text: '' });
    else return;
    event.preventDefault();
  };

  return (
    <search className="Stream-find">
      <div className="Stream-findBox">
        <Glyph name="search" />
        <input
          ref={input}
          className="Stream-findInput"
          type="search"
          aria-label="Find in lines"
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : problemId}
          aria-keyshortcuts="/"
          placeholder="Find in lines"
          spellCheck={false}
          autoComplete="off"
          maxLength={maxTextChars}
          value={text}
          onChange={({ target }) => {
            pendingStep.current = null;
            setFilters({ text: target.value }, true);
          }}
          onKeyDown={onKeyDown}
        />
        <FoundStatus />
        <span className="Stream-found" aria-hidden="true">
          {pattern !== null &&
            (progress < 1 ? `Searching ${Math.floor(progress * 100)} %` : hitText(hits, hit, isNewestFirst))}
        </span>
        <button
          type="button"
          className="option"
          aria-pressed={regex}
          aria-label="Regular expression"
          title="Regular expression"
          onClick={() => setFilters({ regex: !regex })}
        >
          .*
        </button>
        <button
          type="button"
          className="option"
          aria-pressed={!marksAll}
          title="Show only matching lines; otherwise matches are marked among all lines"
          onClick={() => setFilters({ marksAll: !marksAll })}
        >
          Only found
        </button>
      </div>
      {pattern !== null && (
        <>
          <IconButton icon="keyboard_arrow_up" label="Previous (Shift+Enter)" onClick={() => step(false)} />
          <IconButton icon="keyboard_arrow_down" label="Next (Enter)" onClick={() => step(true)} />
        </>
      )}
      {problem !== null && (
        <p id={problemId} className="Stream-findProblem" role="alert">
          {problem}
        </p>
      )}
    </search>
  );
}

/** Delay after the last letter, in milliseconds. Hits in lines that arrive later are not announced. */
const announceAfterMs = 700;

/** Announces to screen readers the number of hits, or the position of the current one. */
function FoundStatus() {
  const { live } = useViewer();
  const isComplete = useLive(({ progress }) => progress === 1);
  const filter = useFilters();
  const { hit, order } = useViewState();
  const [text, setText] = useState('');
  useEffect(() => {
    if (!isComplete) return;
    const announce = () =>
      setText(filter.text === '' ? '' : hitText(live.get().view.hits, hit, order === 'newest-first'));
    const timer = setTimeout(announce, announceAfterMs);
    return () => clearTimeout(timer);
  }, [live, filter, order, hit, isComplete]);
  return (
    <span className="unseen" role="status">
      {text}
    </span>
  );
}
