import type { EventEntry } from '@datashop/sse-client';
import { type LevelGroup, levelGroup } from '../../log.ts';
import { readAnsi } from '../../text/ansi.ts';
import type { Style } from '../../text/segments.ts';

/** The parts of a log document that the list shows, or an event's data unchanged if it is not a log document. */
export interface Line {
  /** The level as it is shown, in upper case; '' if the data has none. */
  readonly label: string;
  /** The group of `label`; null without a label: the line then belongs to the group of the line before it. */
  readonly group: LevelGroup | null;
  /** Milliseconds since 1970 when the log was written, or when this browser received it if that is unknown. */
  readonly time: number;
  readonly stage: string;
  /** The number of the pipeline's execution, '' if the data has none. */
  readonly run: string;
  /** Without the escape sequences of a terminal. */
  readonly message: string;
  /** Colours of the message. */
  readonly styles: readonly Style[];
  readonly description: string;
  readonly duration: string;
  /** True if `data` was a log document. */
  readonly structured: boolean;
}

/** Longer labels are cut: the column holds a name, not a text. */
const maxLabelChars = 12;

/** `Date` has no ISO form beyond this, and its methods throw. */
const maxDateMs = 8.64e15;

/** Never throws. Data that is not a log document becomes the message of an unstructured line. */
export function parseLine({ data, receivedAt }: Pick<EventEntry, 'data' | 'receivedAt'>): Line {
  const log = parseObject(data);
  const label = labelOf(log?.logLevel);
  const group = label === '' ? null : levelGroup(label);
  if (log === null || typeof log.message !== 'string') {
    return {
      label,
      group,
      time: receivedAt,
      stage: '',
      run: '',
      ...messageOf(data),
      description: '',
      duration: '',
      structured: false,
    };
  }
  return {
    label,
    group,
    time: timeOf(log) ?? receivedAt,
    stage: textOf(log.stageName),
    run: runOf(log.meta),
    ...messageOf(log.message),
    description: textOf(log.description),
    duration: textOf(log.duration),
    structured: true,
  };
}

/** The parts of a line that a search looks at, in the order in which `searchText` joins them. */
export const searchedParts = ['message', 'stage', 'description'] as const;

export type SearchedPart = (typeof searchedParts)[number];

/** One part per text line, so that `^` and `$` match at the ends of each part. */
export function searchText(line: Line): string {
  return searchedParts
    .map((part) => line[part])
    .filter(Boolean)
    .join('\n');
}

/** Offset of a part in `searchText`. */
export function partOffset(line: Line, wanted: SearchedPart): number {
  let offset = 0;
  for (const part of searchedParts) {
    if (part === wanted) break;
    if (line[part] !== '') offset += line[part].length + 1;
  }
  return offset;
}

/** Indents JSON; returns anything else unchanged. */
export function prettyData(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data), null, 2);
  } catch {
    return data;
  }
}

function parseObject(data: string): Record<string, unknown> | null {
  // A check instead of an exception per line, for streams of plain text.
  if (!data.trimStart().startsWith('{')) return null;
  try {
    return JSON.parse(data) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function labelOf(level: unknown): string {
  if (typeof level !== 'string' && typeof level !== 'number') return '';
  return String(level).trim().slice(0, maxLabelChars).toUpperCase();
}

function messageOf(text: string): Pick<Line, 'message' | 'styles'> {
  const { text: message, styles } = readAnsi(text);
  return { message, styles };
}

function runOf(meta: unknown): string {
  const id = (meta as { execID?: unknown } | null | undefined)?.execID;
  return typeof id === 'number' ? String(id) : textOf(id);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function timeOf({ meta, isoTime }: Record<string, unknown>): number | undefined {
  const timestamp = (meta as { timestamp?: unknown } | null | undefined)?.timestamp;
  const time = typeof timestamp === 'number' ? timestamp : Date.parse(textOf(isoTime));
  return Math.abs(time) <= maxDateMs ? time : undefined;
}
