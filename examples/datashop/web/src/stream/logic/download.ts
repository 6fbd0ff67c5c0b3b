import type { GapEntry } from '@datashop/sse-client';
import { type Format, lineText } from '../../log-file.ts';
import { reasonInWords } from './messages.ts';
import type { Row, Rows } from './row.ts';

/** Bounds the work between two turns of the event loop. */
const rowsPerPiece = 2_000;

export function gapText({ from, to, reason }: GapEntry): string {
  const time = (ms: number) => new Date(ms).toISOString();
  return `# connection lost ${time(from)} to ${time(to)}, lines may be missing: ${reasonInWords(reason)}`;
}

/** One row of the file, without its line break. */
export function formatRow({ entry, line }: Row, format: Format): string {
  if (entry.kind === 'gap') {
    const { from, to, reason } = entry;
    return format === 'text' ? gapText(entry) : JSON.stringify({ gap: { from, to, reason } });
  }
  if (format === 'text') return lineText(line!);
  if (!line!.structured) return JSON.stringify({ text: entry.data });
  // NDJSON needs one line per document; an event's data may contain line breaks.
  return entry.data.includes('\n') ? JSON.stringify(JSON.parse(entry.data)) : entry.data;
}

/** The file's content in pieces, oldest line first. The caller yields to the event loop between pieces. */
export function* formatRows(rows: Rows, format: Format): Generator<string> {
  for (let start = 0; start < rows.length; start += rowsPerPiece) {
    yield rows
      .slice(start, start + rowsPerPiece)
      .map((row) => `${formatRow(row, format)}\n`)
      .join('');
  }
}
