import type { LogDocument, LogLevel } from './types.ts';

/** Every level, least first. */
export const LOG_LEVELS: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/** What a pipeline knows about a log. */
export interface LogInput {
  message: string;
  /** For instance `ETL_PROCESSING`. */
  stageName: string;
  /** @defaultValue 'INFO' */
  logLevel?: LogLevel;
  /** @defaultValue 'APPLICATION' */
  logType?: string;
  /** @defaultValue '' */
  description?: string;
  /** Milliseconds, 0 or more; see {@link formatDuration}. Left out, `duration` is empty. */
  durationMs?: number;
  /** Milliseconds since 1970. @defaultValue `Date.now()` */
  timestamp?: number;
  pipelineID: string;
  execID: string;
  workspaceID: string;
  workflowID: string;
  /** @defaultValue 'L3L5ETL' */
  pipelineType?: string;
}

/**
 * Makes a log in its exact shape.
 *
 * @example
 * await store.append([createLogDocument({ message: 'Loaded 1,204 rows', stageName: 'LOAD', durationMs: 3_250, ...run })]);
 *
 * @throws TypeError when a field is missing or of a wrong type, naming the field; RangeError for a bad duration or timestamp
 */
export function createLogDocument(input: LogInput): LogDocument {
  const timestamp = input.timestamp ?? Date.now();
  const date = new Date(timestamp);
  if (!Number.isInteger(timestamp) || Number.isNaN(date.getTime())) {
    throw new RangeError(`timestamp: expected whole milliseconds since 1970, got ${timestamp}`);
  }
  const log: LogDocument = {
    logLevel: input.logLevel ?? 'INFO',
    logType: input.logType ?? 'APPLICATION',
    message: input.message,
    stageName: input.stageName,
    duration: input.durationMs === undefined ? '' : formatDuration(input.durationMs),
    description: input.description ?? '',
    time: formatTime(date),
    isoTime: date.toISOString(),
    meta: {
      timestamp,
      pipelineID: input.pipelineID,
      execID: input.execID,
      workspaceID: input.workspaceID,
      workflowID: input.workflowID,
      pipelineType: input.pipelineType ?? 'L3L5ETL',
    },
  };
  checkLogDocument(log);
  return log;
}

/**
 * Words for a number of milliseconds: `420ms`, `3.2s`, `3s`, `2m 15s`, `1h 2m`. Cut off, never rounded up: rounding
 * would say `60s` for 59.96 seconds.
 *
 * @throws RangeError unless it is a finite number, 0 or more
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`durationMs: expected 0 or more milliseconds, got ${ms}`);
  if (ms < 1_000) return `${Math.floor(ms)}ms`;
  if (ms < 60_000) return `${Math.floor(ms / 100) / 10}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m ${Math.floor((ms % 60_000) / 1_000)}s`;
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// By hand, since what Intl writes (narrow spaces, "Sept") changes from one ICU release to the next.
function formatTime(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = date.getUTCHours();
  const day = `${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())} ${date.getUTCFullYear()}`;
  return `${day} at ${two(hours % 12 || 12)}:${two(date.getUTCMinutes())} ${hours < 12 ? 'AM' : 'PM'}`;
}

const FIELDS = ['logLevel', 'logType', 'message', 'stageName', 'duration', 'description', 'time', 'isoTime', 'meta'];
const META_FIELDS = ['timestamp', 'pipelineID', 'execID', 'workspaceID', 'workflowID', 'pipelineType'];

/**
 * Refuses what is not a log in its exact shape, so that a store never holds what a viewer can't show.
 *
 * @throws TypeError naming the field, what was expected and the type that arrived
 */
export function checkLogDocument(log: unknown): asserts log is LogDocument {
  const document = fieldsOf(log, 'log', FIELDS);
  for (const name of FIELDS)
    if (name !== 'meta') expect(typeof document[name] === 'string', name, 'a string', document);
  expect(LOG_LEVELS.includes(document.logLevel as LogLevel), 'logLevel', LOG_LEVELS.join(', '), document);
  const meta = fieldsOf(document.meta, 'meta', META_FIELDS);
  for (const name of META_FIELDS) {
    if (name === 'timestamp') expect(Number.isSafeInteger(meta[name]), name, 'whole milliseconds since 1970', meta);
    else expect(typeof meta[name] === 'string', name, 'a string', meta);
  }
}

function fieldsOf(value: unknown, name: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${name}: expected an object, got ${typeof value}`);
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw new TypeError(`${name}: unknown field ${JSON.stringify(key)}`);
  }
  return value as Record<string, unknown>;
}

function expect(holds: boolean, name: string, expected: string, fields: Record<string, unknown>): void {
  if (!holds) throw new TypeError(`${name}: expected ${expected}, got ${typeof fields[name]}`);
}
