import type { IncomingMessage, ServerResponse } from 'node:http';

/** A field name. [spec] RFC 9110 §5.6.2, token */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A field value as a byte string: no controls but tab. [spec] RFC 9110 §5.5 */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether `value` is a field name. */
export function isToken(value: string): boolean {
  return token.test(value);
}

/** Whether `value` can be sent as a field value, byte for byte. */
export function isHeaderValue(value: string): boolean {
  return fieldValue.test(value);
}

/**
 * Whether an id, as a byte string, reaches the receiver of a Last-Event-ID unchanged: space and TAB at the ends of a
 * field are not part of its value. [spec] RFC 9110 §5.5
 */
export function isSendableId(id: string): boolean {
  return isHeaderValue(id) && trimHttp(id) === id;
}

/**
 * Removes HTTP whitespace, space and TAB, from both ends. `trim()` would also remove NBSP, which is a byte of the
 * value. [R12] [spec] RFC 9110 §5.6.3
 */
export function trimHttp(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpace(value.charCodeAt(start))) start++;
  while (end > start && isSpace(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** The members of a comma-separated field value, without empty ones. */
export function listMembers(value: string): string[] {
  return value
    .split(',')
    .map(trimHttp)
    .filter((member) => member !== '');
}

const noNames: ReadonlySet<string> = new Set();

/** The names in a Connection field, in lower case: fields that end at this hop. [spec] RFC 9110 §7.6.1 */
export function nominatedNames(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return noNames;
  return new Set(listMembers(connection).map((name) => name.toLowerCase()));
}

/** The request target as the browser sent it: Express cuts the mount path off `url`. */
export function requestUrl(req: IncomingMessage & { originalUrl?: string }): string {
  return req.originalUrl ?? req.url ?? '/';
}

/** The raw query of a request target in any form, without `?` and without a fragment; empty if it has none. */
export function rawQuery(url: string): string {
  const fragment = url.indexOf('#');
  const whole = fragment === -1 ? url : url.slice(0, fragment);
  const mark = whole.indexOf('?');
  return mark === -1 ? '' : whole.slice(mark + 1);
}

/** The name and the value of one `&`-separated query segment, decoded into byte strings. */
export function querySegment(segment: string): readonly [name: string, value: string] {
  const equals = segment.indexOf('=');
  if (equals === -1) return [decodeBytes(segment), ''];
  return [decodeBytes(segment.slice(0, equals)), decodeBytes(segment.slice(equals + 1))];
}

function decodeBytes(text: string): string {
  if (!/[%+]/.test(text)) return text;
  const decoded = (_: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16));
  return text.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi, decoded);
}

/** A string as the byte string of its UTF-8 encoding. */
export function toByteString(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Adds a name to Vary; an earlier middleware may have set others. */
export function addVary(res: ServerResponse, name: string): void {
  const present = listMembers([res.getHeader('vary') ?? ''].flat().join(','));
  const isListed = present.some((member) => member === '*' || member.toLowerCase() === name.toLowerCase());
  if (!isListed) res.setHeader('Vary', [...present, name].join(', '));
}
