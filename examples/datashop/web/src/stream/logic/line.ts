import type { EventEntry } from '@datashop/sse-client';
import { type Level, logLevels } from '../../log.ts';

/** What the list shows of an event: the parts of a log document, or its data as they came. */
export interface Line {
  /** null: the data said none, as plain text does. */
  readonly level: Level | null;
  /** Milliseconds since 1970: when it was written, or when this browser got it if that is unknown. */
  readonly time: number;
  readonly stage: string;
  readonly message: string;
  readonly description: string;
  readonly duration: string;
  /** Whether `data` was a log document. */
  readonly structured: boolean;
}

/** Never throws: whatever came is shown, as plain text at worst. */
export function parseLine({ data, receivedAt }: Pick<EventEntry, 'data' | 'receivedAt'>): Line {
  const log = parseObject(data);
  if (log === null || typeof log.message !== 'string') {
    return {
      level: null,
      time: receivedAt,
      stage: '',
      message: data,
      description: '',
      duration: '',
      structured: false,
    };
  }
  return {
    level: levelOf(log.logLevel),
    time: timeOf(log) ?? receivedAt,
    stage: textOf(log.stageName),
    message: log.message,
    description: textOf(log.description),
    duration: textOf(log.duration),
    structured: true,
  };
}

/** What the search looks at, a field a line: `^` and `$` hold at each of them. */
export function searchText({ message, stage, description }: Line): string {
  return [message, stage, description].filter(Boolean).join('\n');
}

/** The data as they are read by people: JSON indented, anything else as it came. */
export function prettyData(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data), null, 2);
  } catch {
    return data;
  }
}

function parseObject(data: string): Record<string, unknown> | null {
  // Cheaper than an exception a line, where a whole stream is plain text.
  if (!data.trimStart().startsWith('{')) return null;
  try {
    return JSON.parse(data) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function levelOf(value: unknown): Level | null {
  return logLevels.find((level) => level === value) ?? null;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Past this, `Date` has no ISO form and its methods throw. */
const maxDateMs = 8.64e15;

function timeOf({ meta, isoTime }: Record<string, unknown>): number | undefined {
  const timestamp = (meta as { timestamp?: unknown } | null | undefined)?.timestamp;
  const time = typeof timestamp === 'number' ? timestamp : Date.parse(textOf(isoTime));
  return Math.abs(time) <= maxDateMs ? time : undefined;
}
