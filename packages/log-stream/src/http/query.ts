import type { Request } from 'express';
import { logLevels } from '../document.ts';
import { LogStreamError } from '../errors.ts';
import type { LogFilter, LogLevel, LogStore, VolumeQuery } from '../log-store.ts';
import type { LogScope } from '../types.ts';

/** In UTF-16 units. In the worst case, the time of a search is proportional to its length. */
const maxSearchLength = 200;
/** Most `exclude` parameters. */
const maxExcluded = 10;

/** The parameters of a page. */
export interface PageRequest {
  readonly filter: LogFilter;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** Unchecked. */
  readonly cursor: string | undefined;
  /** A well-formed event id, but possibly of another workflow or store. */
  readonly after: string | undefined;
  /** A well-formed event id, as `after`. */
  readonly upTo: string | undefined;
}

/** The parameters of a stream. */
export interface StreamRequest {
  readonly filter: LogFilter;
  /** Unchecked: a malformed id counts as an unknown one. */
  readonly lastEventId: string | undefined;
  readonly history: number;
}

/** @throws LogStreamError `ERR_LOG_STREAM_PARAMETER` naming the parameter, what was expected and what arrived */
export function parsePageRequest(req: Request, scope: LogScope, store: LogStore): PageRequest {
  const query = new Query(req, scope);
  const isId = (text: string) => store.isId(text);
  const order = query.word('order', ['desc', 'asc']) ?? 'desc';
  return {
    filter: { ...query.filter(), ...query.times() },
    order,
    limit: query.integer('limit', 1, 500) ?? 50,
    cursor: query.one('cursor'),
    after: query.eventId('after', isId),
    upTo: query.eventId('up_to', isId),
  };
}

/** @throws LogStreamError `ERR_LOG_STREAM_PARAMETER` naming the parameter, what was expected and what arrived */
export function parseVolumeRequest(req: Request, scope: LogScope): Omit<VolumeQuery, 'signal'> {
  const query = new Query(req, scope);
  return { filter: { ...query.filter(), ...query.times() }, buckets: query.integer('buckets', 1, 200) ?? 60 };
}

/** @throws LogStreamError `ERR_LOG_STREAM_PARAMETER` naming the parameter, what was expected and what arrived */
export function parseStreamRequest(req: Request, scope: LogScope): StreamRequest {
  const query = new Query(req, scope);
  // The header wins, because EventSource repeats the query of its first request when it reconnects.
  const header = req.get('last-event-id');
  return {
    filter: query.filter(),
    lastEventId: header || query.one('last_event_id'),
    history: query.integer('history', 0, 500) ?? 0,
  };
}

/** The error for a parameter whose value is not what was expected. */
export function invalidParameter(name: string, expected: string, got: string): LogStreamError {
  return new LogStreamError('ERR_LOG_STREAM_PARAMETER', `${name}: expected ${expected}`, { parameter: name, got });
}

/** The query of one request. An empty value counts as missing, because forms send empty fields. */
class Query {
  // Not req.query, because its content depends on the application's "query parser" setting.
  readonly #values: URLSearchParams;
  readonly #scope: LogScope;

  constructor(req: Request, scope: LogScope) {
    const start = req.url.indexOf('?');
    this.#values = new URLSearchParams(start === -1 ? '' : req.url.slice(start));
    this.#scope = scope;
  }

  filter(): LogFilter {
    const levels = this.#levels();
    const search = this.#text('search', this.one('search'));
    const stageName = this.#text('stage', this.one('stage'));
    const execID = this.#text('run', this.one('run'));
    const exclude = this.#values.getAll('exclude').filter(Boolean);
    if (exclude.length > maxExcluded) throw invalidParameter('exclude', `at most ${maxExcluded} texts`, exclude.join());
    for (const text of exclude) this.#text('exclude', text);
    const { workspaceID, workflowID } = this.#scope;
    return {
      ...(workspaceID !== undefined && { workspaceID }),
      ...(workflowID !== undefined && { workflowID }),
      ...(levels && { levels }),
      ...(search !== undefined && { search }),
      ...(stageName !== undefined && { stageName }),
      ...(execID !== undefined && { execID }),
      ...(exclude.length > 0 && { exclude }),
    };
  }

  times(): Pick<LogFilter, 'fromMs' | 'toMs'> {
    const fromMs = this.instant('from');
    const toMs = this.instant('to');
    if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
      const detail = 'from: expected an instant not after "to", got a later one';
      throw new LogStreamError('ERR_LOG_STREAM_PARAMETER', detail, { parameter: 'from' });
    }
    return { ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) };
  }

  one(name: string): string | undefined {
    const values = this.#values.getAll(name);
    if (values.length > 1) throw invalidParameter(name, 'one value', values.join(', '));
    return values[0] || undefined;
  }

  eventId(name: string, isId: (text: string) => boolean): string | undefined {
    const id = this.one(name);
    if (id !== undefined && !isId(id)) throw invalidParameter(name, 'the id of an event', id);
    return id;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const text = this.one(name);
    if (text === undefined) return undefined;
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (min <= value && value <= max) return value;
    throw invalidParameter(name, `a whole number from ${min} to ${max}`, text);
  }

  word<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.one(name);
    const word = words.find((candidate) => candidate === text?.toLowerCase());
    if (text !== undefined && word === undefined) throw invalidParameter(name, words.join(' or '), text);
    return word;
  }

  instant(name: string): number | undefined {
    const text = this.one(name);
    if (text === undefined) return undefined;
    const value = /^-?[0-9]{1,16}$/.test(text) ? Number(text) : isoMs(text);
    if (!Number.isNaN(new Date(value).getTime())) return value;
    throw invalidParameter(
      name,
      'an ISO 8601 date, or date and time with Z or an offset, or milliseconds since 1970',
      text,
    );
  }

  #text(name: string, text: string | undefined): string | undefined {
    // NUL separates the searched fields, so a search with NUL could match across two fields.
    if (text?.includes('\0')) throw invalidParameter(name, 'text without NUL', text);
    if (text !== undefined && text.length > maxSearchLength) {
      throw invalidParameter(name, `at most ${maxSearchLength} characters`, text);
    }
    return text;
  }

  #levels(): LogLevel[] | undefined {
    const text = this.#values.getAll('log_level').filter(Boolean).join(',');
    if (text === '') return undefined;
    const words = text.split(',').map((word) => word.replace(/^[ \t]+|[ \t]+$/g, '').toUpperCase());
    const levels = logLevels.filter((level) => words.includes(level));
    if (words.every((word) => levels.some((level) => level === word))) return levels;
    throw invalidParameter('log_level', `one or more of ${logLevels.join(', ')}, separated by commas`, text);
  }
}

// Date.parse alone would read a time without an offset in the server's time zone, and 30 February as 2 March. A space
// is a plus sign that the client did not encode.
function isoMs(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+\- ]\d{2}:\d{2}))?$/i.exec(text);
  if (match === null) return Number.NaN;
  const day = new Date(`${match[1]}T00:00Z`);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(String(match[1]))) return Number.NaN;
  return Date.parse(text.replace(' ', '+').toUpperCase());
}
