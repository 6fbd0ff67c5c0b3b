import { formatTime } from '../../document.ts';
import type { LogDocument, LogLevel, LogMeta } from '../../log-store.ts';

/**
 * Reads don't depend on the options of the user's client, and no document fails the read of the others: JavaScript
 * rejects regular expressions of other languages, and other writers may store invalid UTF-8.
 */
export const bsonOptions = {
  raw: false,
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: false,
  useBigInt64: false,
  bsonRegExp: true,
  enableUtf8Validation: false,
} as const;

/** A document as the driver returns it: any field may be missing or have any type. */
export type RawDocument = Readonly<Record<string, unknown>>;

/** The fields that are read from the database, in the order in which they are sent. */
export const projection: Readonly<Record<string, 1>> = {
  logLevel: 1,
  logType: 1,
  message: 1,
  stageName: 1,
  duration: 1,
  description: 1,
  time: 1,
  isoTime: 1,
  meta: 1,
};

/** Names of levels in other systems, in upper case. */
const synonyms: Readonly<Record<LogLevel, readonly string[]>> = {
  DEBUG: ['DEBUG'],
  INFO: ['INFO'],
  WARN: ['WARN', 'WARNING'],
  ERROR: ['ERROR', 'CRITICAL', 'FATAL'],
};
const defaultLevel: LogLevel = 'INFO';

const levelsByName = new Map<unknown, LogLevel>(
  (Object.keys(synonyms) as LogLevel[]).flatMap((level) => spellingsOf(level).map((name) => [name, level] as const)),
);

function spellingsOf(level: LogLevel): string[] {
  return synonyms[level].flatMap((name) => [name, name.toLowerCase(), name.charAt(0) + name.slice(1).toLowerCase()]);
}

/** The values of `logLevel` that stand for these levels; null also stands for a field that is missing. */
export function storedLevels(levels: readonly LogLevel[]): (string | null)[] {
  return levels.flatMap((level) => [...spellingsOf(level), ...(level === defaultLevel ? [null] : [])]);
}

/** What is sent for a document. */
export interface MappedDocument {
  /** In the exact shape, or the document as it is. */
  readonly log: LogDocument;
  /** False if a field of the document has a type that the shape can't hold. */
  readonly isMapped: boolean;
}

/**
 * Brings a document into the exact shape of a log: as PyMODM writes it, `time` is a Date and fields without a value are
 * missing. What is sent depends on the document alone, because a repeat is recognised by its bytes.
 *
 * @param idTime the time in its ObjectId, in milliseconds since 1970, for a document that has no other time
 */
export function mapDocument(raw: RawDocument, idTime: number): MappedDocument {
  const log = shaped(raw, idTime);
  // `_cls` is PyMODM's, and the ObjectId is the event's id.
  const { _id, _cls, ...rest } = raw;
  return log ? { log, isMapped: true } : { log: rest as unknown as LogDocument, isMapped: false };
}

function shaped(raw: RawDocument, idTime: number): LogDocument | undefined {
  const meta = shapedMeta(raw.meta, raw.time, idTime);
  const logLevel = raw.logLevel === undefined || raw.logLevel === null ? defaultLevel : levelsByName.get(raw.logLevel);
  const isoTime = raw.isoTime instanceof Date ? validIso(raw.isoTime) : textOf(raw.isoTime);
  const time = raw.time instanceof Date ? validIso(raw.time) && formatTime(raw.time) : textOf(raw.time);
  // The search of the database finds strings only, so other types may not become strings here.
  const texts = [raw.message, raw.stageName, raw.description].map((value) =>
    typeof value === 'string' ? value : value === undefined || value === null ? '' : undefined,
  );
  const [message, stageName, description] = texts;
  const [logType, duration] = [textOf(raw.logType), textOf(raw.duration)];
  if (message === undefined || stageName === undefined || description === undefined) return undefined;
  if (logLevel === undefined || logType === undefined || duration === undefined || meta === undefined) return undefined;
  if (time === undefined || isoTime === undefined) return undefined;
  const date = new Date(meta.timestamp);
  return {
    logLevel,
    logType,
    message,
    stageName,
    duration,
    description,
    time: time || formatTime(date),
    isoTime: isoTime || (raw.time instanceof Date ? validIso(raw.time) : undefined) || date.toISOString(),
    meta,
  };
}

function shapedMeta(value: unknown, time: unknown, idTime: number): LogMeta | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const raw = value as RawDocument;
  const timestamp = timestampOf(raw.timestamp, time, idTime);
  const [pipelineID, execID, pipelineType] = [textOf(raw.pipelineID), textOf(raw.execID), textOf(raw.pipelineType)];
  const { workspaceID, workflowID } = raw;
  if (timestamp === undefined || pipelineID === undefined || execID === undefined || pipelineType === undefined) {
    return undefined;
  }
  // The logs of a workflow are selected by these, so they have one type.
  if (typeof workspaceID !== 'string' || typeof workflowID !== 'string') return undefined;
  return { timestamp, pipelineID, execID, workspaceID, workflowID, pipelineType };
}

function timestampOf(value: unknown, time: unknown, idTime: number): number | undefined {
  if (value === undefined || value === null) return time instanceof Date && validIso(time) ? time.getTime() : idTime;
  if (value instanceof Date) return validIso(value) ? value.getTime() : undefined;
  const isTime = typeof value === 'number' && Number.isFinite(new Date(value).getTime());
  return isTime ? Math.floor(value) : undefined;
}

/** Numbers are read as text, a missing value as ''. Undefined for other types. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function validIso(date: Date): string | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
