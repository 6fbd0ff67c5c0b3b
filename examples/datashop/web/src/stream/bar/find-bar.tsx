import { type KeyboardEvent, type RefObject, useEffect, useId, useState } from 'react';
import { Glyph, IconButton } from '../../ui/index.ts';
import { hitText, nextHit } from '../logic/hits.ts';
import { useLive, useViewer, useViewState } from '../state/context.tsx';

/** Finds as you type, among the lines that are here and those that come. */
export function FindBar({ input }: { input: RefObject<HTMLInputElement> }) {
  const viewer = useViewer();
  const { view, pattern, problem, progress } = useLive();
  const { query, only, hit, follow } = useViewState();
  const problemId = useId();

  const step = (down: boolean) => {
    const from = hit ?? (follow.following ? null : viewer.top);
    // The row at the top may be found itself: then it is the first to go to.
    const next = hit === null && from !== null && view.hits.includes(from) ? from : nextHit(view.hits, from, down);
    if (next !== null) viewer.goTo(next, { hit: next });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') step(!event.shiftKey);
    else if (event.key === 'Escape' && query.text !== '') viewer.look({ query: { ...query, text: '' } });
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
          value={query.text}
          onChange={({ target }) => viewer.look({ query: { ...query, text: target.value } })}
          onKeyDown={onKeyDown}
        />
        <FoundStatus />
        <span className="Stream-found" aria-hidden="true">
          {pattern !== null && (progress < 1 ? `Searching ${Math.floor(progress * 100)} %` : hitText(view.hits, hit))}
        </span>
        <button
          type="button"
          className="Stream-option"
          aria-pressed={query.regex}
          aria-label="Regular expression"
          title="Regular expression"
          onClick={() => viewer.look({ query: { ...query, regex: !query.regex } })}
        >
          .*
        </button>
        <button
          type="button"
          className="Stream-option"
          aria-pressed={only}
          title="Show only the lines that were found; otherwise they are marked among the others"
          onClick={() => viewer.look({ only: !only })}
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

/** After the last letter; a stream that finds more and more must not be heard all the time. */
const announceAfterMs = 700;

/** For screen readers: how many were found, or which one this is. */
function FoundStatus() {
  const { live } = useViewer();
  const { query, levels, hit } = useViewState();
  const [text, setText] = useState('');
  // biome-ignore lint/correctness/useExhaustiveDependencies: levels change what is found
  useEffect(() => {
    const say = () => setText(query.text === '' ? '' : hitText(live.get().view.hits, hit));
    const timer = setTimeout(say, announceAfterMs);
    return () => clearTimeout(timer);
  }, [live, query, levels, hit]);
  return (
    <span className="unseen" role="status">
      {text}
    </span>
  );
}
