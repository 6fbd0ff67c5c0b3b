import type { EventEntry } from '@datashop/sse-client';
import { addressWith, adjust, entryState, go, isPlainClick } from '../../address.ts';
import { excluding, maxTextChars } from '../../filters/log-filter.ts';
import { setFilters, useFilters } from '../../filters/use-filters.ts';
import { lineText } from '../../log-file.ts';
import { segmentsOf } from '../../text/segments.ts';
import { CopyButton, useTime } from '../../ui/index.ts';
import { type Line, prettyData } from '../logic/line.ts';

/** The whole event of a line: its full time, its links, copy buttons, and filters made of its fields. */
export function LineDetails({ id, entry, line }: { id: string; entry: EventEntry; line: Line }) {
  const { format, zone } = useTime();
  const pretty = prettyData(entry.data);
  const link = { mode: 'stream', log: entry.id, around: undefined };
  const around = { mode: 'stream', around: entry.id, log: undefined };
  return (
    <section id={id} className="Stream-details" aria-label="Details of the line">
      <div className="Stream-detailsBar">
        <time className="Stream-detailsTime" dateTime={new Date(line.time).toISOString()}>
          {format(line.time)} {zone === 'utc' ? 'UTC' : 'local'}
        </time>
        {entry.id !== '' && (
          <a
            className="Stream-contextLink"
            href={addressWith(around)}
            onClick={plainly(() => go(around, entryState()))}
          >
            View in context
          </a>
        )}
        <FieldButtons line={line} />
      </div>
      <div className="Stream-detailsBar">
        <CopyButton label="Copy line" text={() => lineText(line)} />
        <CopyButton label={line.structured ? 'Copy JSON' : 'Copy text'} text={() => pretty} icon="data_object" />
        {entry.id !== '' && (
          <>
            <CopyButton label="Copy link" text={() => new URL(addressWith(link), location.origin).href} icon="link" />
            <a className="Stream-link" href={addressWith(link)} onClick={plainly(() => adjust(link))}>
              {entry.id}
            </a>
          </>
        )}
      </div>
      {line.description.includes('\n') && <p className="Stream-detailsText">{line.description}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
      <pre className="Stream-json" tabIndex={0}>
        {segmentsOf(pretty).map(({ at, text, href }) =>
          href === '' ? (
            text
          ) : (
            <a key={at} href={href} target="_blank" rel="noopener noreferrer">
              {text}
            </a>
          ),
        )}
      </pre>
    </section>
  );
}

/** Filters made of this line's fields. */
function FieldButtons({ line: { run, stage, message } }: { line: Line }) {
  const { exclude } = useFilters();
  const hide = (text: string) => setFilters({ exclude: excluding(exclude, text) });
  const find = (text: string) => setFilters({ text: text.slice(0, maxTextChars), regex: false, run: '', stage: '' });
  // The press of a button must not end the selection.
  const keepSelection = (event: React.MouseEvent) => event.preventDefault();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div className="Stream-fields" role="group" aria-label="Filter by this line">
      {run && (
        <button type="button" className="option" onClick={() => setFilters({ run })}>
          {`Only run ${run}`}
        </button>
      )}
      {stage && (
        <>
          <button type="button" className="option" onClick={() => setFilters({ stage })}>
            {`Only ${stage}`}
          </button>
          <button type="button" className="option" onClick={() => hide(stage)}>
            {`Hide ${stage}`}
          </button>
        </>
      )}
      <button
        type="button"
        className="option"
        title="Shows the lines of all runs with the selected text, or with this whole message"
        onMouseDown={keepSelection}
        onClick={() => find(String(getSelection()).trim() || message)}
      >
        Find this text
      </button>
      <button
        type="button"
        className="option"
        title="Hides lines with the selected text, or with this whole message"
        onMouseDown={keepSelection}
        onClick={() => hide(String(getSelection()) || message)}
      >
        Hide this text
      </button>
    </div>
  );
}

/** Handles a click in this tab by a function; others open the link. */
function plainly(act: () => void): (event: React.MouseEvent) => void {
  return (event) => {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    act();
  };
}
