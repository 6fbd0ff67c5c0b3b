import type { GapEntry } from '@datashop/sse-client';
import type { Line } from './line.ts';
import { reasonInWords } from './messages.ts';
import type { Row } from './row.ts';

export type Format = 'text' | 'ndjson';

/** Bounds the work between two turns of the event loop. */
const rowsPerPiece = 2_000;

/** A line as copied and as written to a text file, with UTC times. The message may contain line breaks. */
export function lineText({ time, label, stage, message, description, duration }: Line): string {
  const head = [new Date(time).toISOString(), (label || '-').padEnd(5), stage && `[${stage}]`, message];
  return [...head, description && `— ${description}`, duration && `(${duration})`].filter(Boolean).join(' ');
}

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
export function* formatRows(rows: readonly Row[], format: Format): Generator<string> {
  for (let start = 0; start < rows.length; start += rowsPerPiece) {
    yield rows
      .slice(start, start + rowsPerPiece)
      .map((row) => `${formatRow(row, format)}\n`)
      .join('');
  }
}

/** For instance `logs-2026-11-23T14-02-10Z.ndjson`. Some file systems refuse colons. */
export function fileName(format: Format, now: number): string {
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(':', '-');
  return `logs-${time}Z.${format === 'text' ? 'txt' : 'ndjson'}`;
}
