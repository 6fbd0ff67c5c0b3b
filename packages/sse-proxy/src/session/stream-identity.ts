import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import { printable } from '../errors.ts';
import { noFields } from '../request/stream-fields.ts';
import type { StreamContext, StreamInfo } from '../types.ts';

/** Identifies one stream, and builds the frozen objects that user code is passed [R60]. */
export class StreamIdentity {
  readonly route: string;
  resumed = false;
  #key: string | undefined;
  #fields = noFields;
  #id: string | undefined;
  #info: StreamInfo | undefined;
  readonly #req: Request;

  constructor(req: Request, name: string | undefined) {
    this.#req = req;
    this.route = name ?? routeOf(req);
  }

  get key(): string | undefined {
    return this.#key;
  }

  /** Adds what `authorize` has returned. */
  authorizedAs({ key, fields }: Pick<StreamInfo, 'key' | 'fields'>): void {
    this.#key = key;
    this.#fields = fields;
    this.#info = undefined;
  }

  /** Created on first use: without observers and transform nothing reads it. */
  get id(): string {
    this.#id ??= randomUUID();
    return this.#id;
  }

  /** For observers: plain values only. One object until `authorize` has returned, another one from then on. */
  get info(): StreamInfo {
    const { id, route, resumed, key } = this;
    this.#info ??= Object.freeze({ id, route, params: paramsOf(this.#req), key, fields: this.#fields, resumed });
    return this.#info;
  }

  /** For `transform`: also the request. */
  get context(): StreamContext {
    return Object.freeze({ ...this.info, req: this.#req });
  }
}

function paramsOf({ params = {} }: Request): StreamInfo['params'] {
  const copy: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(params)) {
    copy[name] = Array.isArray(value) ? Object.freeze([...value]) : String(value);
  }
  return Object.freeze(copy);
}

// Frameworks other than Express set none of these fields.
function routeOf({ baseUrl = '', route, params = {} }: Request): string {
  const path = typeof route?.path === 'string' ? route.path : '';
  // The base is a part of the browser's path: it could forge a log line. [R56]
  return printable(withoutValues(baseUrl, params)) + path;
}

/** The path with each segment that is a parameter's value replaced by its name: a label must not contain ids. */
function withoutValues(path: string, params: Request['params']): string {
  let template = path;
  for (const [name, value] of Object.entries(params)) {
    if (typeof value !== 'string' || value === '') continue;
    const segments = template.split('/').map((segment) => (decode(segment) === value ? `:${name}` : segment));
    template = segments.join('/');
  }
  return template;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
