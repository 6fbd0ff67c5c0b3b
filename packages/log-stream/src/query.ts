import type { Request } from 'express';
import { LOG_LEVELS } from './document.ts';
import { type Cursor, decodeCursor, parseEventId } from './event-id.ts';
import { Problem, quote } from './problem.ts';
import type { LogFilter, LogLevel } from './types.ts';

/** The parameters of a REST request. */
export interface RestRequest {
  readonly filter: LogFilter;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly cursor: Cursor | undefined;
  /** An event id, well-formed. */
  readonly after: string | undefined;
  /** An event id, well-formed. */
  readonly upto: string | undefined;
}

/** The parameters of a stream. */
export interface StreamRequest {
  readonly filter: LogFilter;
  /** As it came: what is no id at all is an unknown one. */
  readonly lastEventId: string | undefined;
  readonly history: number;
}

/** @throws Problem naming the parameter, what was expected and what came */
export function parseRestRequest(req: Request): RestRequest {
  const query = new Query(req);
  const fromMs = query.instant('from');
  const toMs = query.instant('to');
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw new Problem('invalid_parameter', 'from: expected an instant not after "to", got a later one', 'from');
  }
  const order = query.word('order', ['desc', 'asc']) ?? 'desc';
  const text = query.one('cursor');
  const cursor = text === undefined ? undefined : decodeCursor(text);
  if (text !== undefined && cursor?.order !== order) {
    throw query.problem('cursor', `a nextCursor that this service gave for order=${order}`, text);
  }
  return {
    filter: { ...query.filter(), ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) },
    order,
    limit: query.integer('limit', 1, 500) ?? 50,
    cursor,
    after: query.eventId('after'),
    upto: query.eventId('upto'),
  };
}

/** @throws Problem naming the parameter, what was expected and what came */
export function parseStreamRequest(req: Request): StreamRequest {
  const query = new Query(req);
  // The header first: a browser that comes back keeps the query of its first request.
  const header = req.get('last-event-id');
  return {
    filter: query.filter(),
    lastEventId: header || query.one('lastEventId'),
    history: query.integer('history', 0, 500) ?? 0,
  };
}

/** The query of one request. An empty value counts as none, as forms send it. */
class Query {
  // Not req.query: what that holds depends on the application's "query parser".
  readonly #values: URLSearchParams;
  readonly #scope: LogFilter;

  constructor(req: Request) {
    const start = req.url.indexOf('?');
    this.#values = new URLSearchParams(start === -1 ? '' : req.url.slice(start));
    const { workspaceId, workflowId } = req.params;
    this.#scope = workspaceId === undefined ? {} : { workspaceID: String(workspaceId), workflowID: String(workflowId) };
  }

  filter(): LogFilter {
    const levels = this.#levels();
    const search = this.one('search');
    // NUL keeps the searched fields apart, so it could match across them.
    if (search?.includes('\0')) throw this.problem('search', 'text without NUL', search);
    return { ...this.#scope, ...(levels && { levels }), ...(search !== undefined && { search }) };
  }

  one(name: string): string | undefined {
    const values = this.#values.getAll(name);
    if (values.length > 1) throw this.problem(name, 'one value', values.join(', '));
    return values[0] || undefined;
  }

  eventId(name: string): string | undefined {
    const id = this.one(name);
    if (id !== undefined && parseEventId(id) === undefined) throw this.problem(name, 'the id of an event', id);
    return id;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const text = this.one(name);
    if (text === undefined) return undefined;
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (min <= value && value <= max) return value;
    throw this.problem(name, `a whole number from ${min} to ${max}`, text);
  }

  word<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.one(name);
    const word = words.find((candidate) => candidate === text?.toLowerCase());
    if (text !== undefined && word === undefined) throw this.problem(name, words.join(' or '), text);
    return word;
  }

  instant(name: string): number | undefined {
    const text = this.one(name);
    if (text === undefined) return undefined;
    const value = /^-?[0-9]{1,16}$/.test(text) ? Number(text) : isoMs(text);
    if (!Number.isNaN(new Date(value).getTime())) return value;
    throw this.problem(
      name,
      'an ISO 8601 date, or date and time with Z or an offset, or milliseconds since 1970',
      text,
    );
  }

  problem(name: string, expected: string, got: string): Problem {
    return new Problem('invalid_parameter', `${name}: expected ${expected}, got ${quote(got)}`, name);
  }

  #levels(): LogLevel[] | undefined {
    const text = this.#values.getAll('log_level').filter(Boolean).join(',');
    if (text === '') return undefined;
    const words = text.split(',').map((word) => word.trim().toUpperCase());
    const levels = LOG_LEVELS.filter((level) => words.includes(level));
    if (words.every((word) => levels.some((level) => level === word))) return levels;
    throw this.problem('log_level', `one or more of ${LOG_LEVELS.join(', ')}, separated by commas`, text);
  }
}

// Date.parse alone reads a time without offset in the server's own time zone, and 30 February as 2 March. A space is a
// plus sign that nobody encoded.
function isoMs(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+\- ]\d{2}:\d{2}))?$/i.exec(text);
  if (match === null) return Number.NaN;
  const day = new Date(`${match[1]}T00:00Z`);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(String(match[1]))) return Number.NaN;
  return Date.parse(text.replace(' ', '+').toUpperCase());
}
