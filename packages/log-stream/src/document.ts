import { LogStreamError, quote } from './errors.ts';
import type { LogDocument, LogLevel } from './log-store.ts';

/** Every level, least severe first. */
export const logLevels: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/** Input of {@link createLogDocument}. `undefined` means left out. */
export interface LogInput {
  /** What happened. */
  message: string;
  /** The stage of the pipeline, for instance `ETL_PROCESSING`. */
  stageName: string;
  /** The severity. @defaultValue 'INFO' */
  logLevel?: LogLevel | undefined;
  /** The kind of log. Not interpreted by this package. @defaultValue 'APPLICATION' */
  logType?: string | undefined;
  /** Details besides the message; `search` and `exclude` match them too. @defaultValue '' */
  description?: string | undefined;
  /** Milliseconds, 0 or more; {@link formatDuration} formats it. Left out: `duration` is empty. */
  durationMs?: number | undefined;
  /** Milliseconds since 1970, a whole number. @defaultValue `Date.now()` */
  timestamp?: number | undefined;
  /** The run of the pipeline, a UUID. */
  pipelineID: string;
  /** The execution's number, as text. */
  execID: string;
  /** The workspace of the workflow, as in the path of a request for its logs. */
  workspaceID: string;
  /** The workflow that logs, as in the path of a request for its logs. */
  workflowID: string;
  /** The kind of pipeline. Not interpreted by this package. @defaultValue 'L3L5ETL' */
  pipelineType?: string | undefined;
}

/**
 * Creates a log document in its exact shape.
 *
 * @example
 * await store.append([
 *   createLogDocument({ message: 'Loaded 1,204 rows', stageName: 'LOAD', durationMs: 3_250, ...run }),
 * ]);
 *
 * @throws LogStreamError `ERR_LOG_STREAM_DOCUMENT` naming the field, what was expected and what arrived
 */
export function createLogDocument(input: LogInput): LogDocument {
  const timestamp = input.timestamp ?? Date.now();
  const date = new Date(timestamp);
  if (!Number.isInteger(timestamp) || Number.isNaN(date.getTime())) {
    throw invalid('timestamp', 'whole milliseconds since 1970', String(timestamp));
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

/** Returns a log as one line of JSON in the schema of the proof of concept. */
export function demoDataOf({ isoTime, logLevel, message, stageName, meta }: LogDocument): string {
  return JSON.stringify({ date: isoTime, level: logLevel, pipeline: meta.workflowID, status: stageName, message });
}

/**
 * Formats milliseconds: `420ms`, `3.2s`, `3s`, `2m 15s`, `1h 2m`. Truncates, because rounding would return `60s` for
 * 59.96 seconds.
 *
 * @throws LogStreamError `ERR_LOG_STREAM_DOCUMENT` unless `ms` is a finite number, 0 or more
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) throw invalid('durationMs', '0 or more milliseconds', String(ms));
  if (ms < 1_000) return `${Math.floor(ms)}ms`;
  if (ms < 60_000) return `${Math.floor(ms / 100) / 10}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m ${Math.floor((ms % 60_000) / 1_000)}s`;
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// Not by Intl, whose output (narrow spaces, "Sept") changes between ICU releases.
export function formatTime(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = date.getUTCHours();
  const day = `${months[date.getUTCMonth()]} ${two(date.getUTCDate())} ${date.getUTCFullYear()}`;
  return `${day} at ${two(hours % 12 || 12)}:${two(date.getUTCMinutes())} ${hours < 12 ? 'AM' : 'PM'}`;
}

const documentFields = [
  'logLevel',
  'logType',
  'message',
  'stageName',
  'duration',
  'description',
  'time',
  'isoTime',
  'meta',
];
const metaFields = ['timestamp', 'pipelineID', 'execID', 'workspaceID', 'workflowID', 'pipelineType'];

/**
 * Checks the exact shape of a log, so that a store never contains what a viewer cannot show.
 *
 * @throws LogStreamError `ERR_LOG_STREAM_DOCUMENT` naming the field, what was expected and the type that arrived
 */
export function checkLogDocument(log: unknown): asserts log is LogDocument {
  const document = fieldsOf(log, 'log', documentFields);
  for (const name of documentFields)
    if (name !== 'meta') expect(typeof document[name] === 'string', name, 'a string', document);
  expect(logLevels.includes(document.logLevel as LogLevel), 'logLevel', logLevels.join(', '), document);
  const meta = fieldsOf(document.meta, 'meta', metaFields);
  for (const name of metaFields) {
    if (name === 'timestamp') expect(Number.isSafeInteger(meta[name]), name, 'whole milliseconds since 1970', meta);
    else expect(typeof meta[name] === 'string', name, 'a string', meta);
  }
}

/**
 * Checks a log and returns its JSON, which contains no raw line break.
 *
 * @param maxBytes most bytes of JSON in UTF-8
 * @throws LogStreamError `ERR_LOG_STREAM_DOCUMENT` naming the field or the bound, what was expected and what arrived
 */
export function serializeLogDocument(log: unknown, maxBytes: number): string {
  checkLogDocument(log);
  const text = JSON.stringify(log);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes)
    throw invalid('log', `at most ${maxBytes} bytes of JSON (option maxLogBytes)`, `${bytes} bytes`);
  return text;
}

/**
 * Reads a stored log. Unknown fields are kept: another version of this package may have written them.
 *
 * @returns undefined if `text` is not JSON, or lacks a field that filters and ids depend on
 */
export function parseLogDocument(text: unknown): LogDocument | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const log = JSON.parse(text) as LogDocument;
    const { logLevel, message, description, stageName, meta } = log;
    const texts = [message, description, stageName, meta.workspaceID, meta.workflowID];
    const isLog = logLevels.includes(logLevel) && typeof meta.timestamp === 'number';
    return isLog && texts.every((value) => typeof value === 'string') ? log : undefined;
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown, name: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw invalid(name, 'an object', typeof value);
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw invalid(name, `the fields ${known.join(', ')}`, quote(key));
  }
  return value as Record<string, unknown>;
}

function expect(holds: boolean, name: string, expected: string, fields: Record<string, unknown>): void {
  if (!holds) throw invalid(name, expected, typeof fields[name]);
}

function invalid(name: string, expected: string, got: string): LogStreamError {
  return new LogStreamError('ERR_LOG_STREAM_DOCUMENT', `${name}: expected ${expected}, got ${got}`);
}
