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

/** The query of a request target, whatever form it has; undefined if it has none. */
export function queryOf(originalUrl: string): URLSearchParams | undefined {
  const mark = originalUrl.indexOf('?');
  return mark === -1 ? undefined : new URLSearchParams(originalUrl.slice(mark + 1));
}

/** `value` without leading and trailing HTTP whitespace, which is space and TAB only [R12]. */
export function trimOws(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isOws(value.charCodeAt(start))) start++;
  while (end > start && isOws(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
