import type { EventEntry } from '@datashop/sse-client';
import { addressWith, adjust, isPlainClick } from '../../address.ts';
import { CopyButton } from '../../ui/index.ts';
import { lineText } from '../logic/download.ts';
import { type Line, prettyData } from '../logic/line.ts';

/** The whole event of a line, with its copy buttons and its permalink. */
export function LineDetails({ id, entry, line }: { id: string; entry: EventEntry; line: Line }) {
  const pretty = prettyData(entry.data);
  const link = { mode: 'stream', log: entry.id };
  return (
    <section id={id} className="Stream-details" aria-label="Details of the line">
      <div className="Stream-detailsBar">
        <CopyButton label="Copy line" text={() => lineText(line)} />
        <CopyButton label={line.structured ? 'Copy JSON' : 'Copy text'} text={() => pretty} icon="data_object" />
        {entry.id !== '' && (
          <>
            <CopyButton label="Copy link" text={() => new URL(addressWith(link), location.origin).href} icon="link" />
            <a
              className="Stream-link"
              href={addressWith(link)}
              onClick={(event) => {
                if (!isPlainClick(event)) return;
                event.preventDefault();
                adjust(link);
              }}
            >
              {entry.id}
            </a>
          </>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
      <pre className="Stream-json" tabIndex={0}>
        {pretty}
      </pre>
    </section>
  );
}
