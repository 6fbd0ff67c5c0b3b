import { Fragment, type ReactNode } from 'react';
import { segmentsOf } from '../../text/segments.ts';
import { type Line, partOffset, type SearchedPart } from '../logic/line.ts';
import { type Marks, markedPieces } from '../logic/marks.ts';

/** Longer parts are cut in the row; the opened line shows them whole. */
const maxShownChars = 2_000;

/** A part of a line with its matches marked, its colours and its links. */
export function LineText({ line, part, marks }: { line: Line; part: SearchedPart; marks: Marks }) {
  const text = line[part];
  const shown = text.slice(0, maxShownChars);
  const offset = partOffset(line, part);
  return (
    <>
      {segmentsOf(shown, part === 'message' ? line.styles : []).map(({ at, text: piece, className, href }) => {
        const content = marked(piece, marks, offset + at);
        if (href !== '') {
          return (
            <a
              key={at}
              className={className || undefined}
              href={href}
              target="_blank"
              rel="noopener noreferrer"
              // Not a stop of Tab: the opened line has the link, too.
              tabIndex={-1}
              onClick={(event) => event.stopPropagation()}
            >
              {content}
            </a>
          );
        }
        return className === '' ? (
          <Fragment key={at}>{content}</Fragment>
        ) : (
          <span key={at} className={className}>
            {content}
          </span>
        );
      })}
      {shown.length < text.length && '…'}
    </>
  );
}

function marked(text: string, marks: Marks, offset: number): ReactNode {
  return markedPieces(text, marks, offset).map((piece, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: a piece has no identity but its position
    piece.isMarked ? <mark key={index}>{piece.text}</mark> : piece.text,
  );
}
