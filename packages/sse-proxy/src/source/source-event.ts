import { isProxyError, SseProxyError, showKind } from '../errors.ts';
import { ignoreRejection } from '../hooks/call-hook.ts';
import { controlPrefix, gapType, serializeData } from '../sse/events.ts';
import { CR, LF } from '../sse/fields.ts';
import type { SseEvent } from '../types.ts';

/**
 * Serialises an event that a source yielded.
 *
 * @throws SseProxyError `ERR_SSE_SOURCE_EVENT` that names the wrong field; never shows its value [R56]
 */
export function encodeEvent(given: unknown): string {
  if (typeof given !== 'object' || given === null) throw wrong('event', 'an object with data: string', showKind(given));
  // Read once: a getter may return something else the next time.
  const { id, event, data, retry } = given as Record<keyof SseEvent, unknown>;
  if (typeof data !== 'string') {
    // One of them may be a promise, if an `await` was forgotten.
    ignoreRejection(given);
    ignoreRejection(data);
    throw wrong('event.data', 'a string', showKind(data));
  }
  let text = '';
  if (id !== undefined) text = `id: ${checkLine('event.id', id)}\n`;
  // Browsers treat an empty type as `message`.
  if (event !== undefined && event !== '') {
    const type = checkLine('event.event', event);
    if (type.startsWith(controlPrefix)) checkControl(type, id);
    text += `event: ${type}\n`;
  }
  if (retry !== undefined) text += `retry: ${checkRetry(retry)}\n`;
  return text + serializeData(data);
}

function checkLine(field: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(field, 'a string', showKind(value));
  let hasSurrogate = false;
  // A field is short: one loop costs less than a search for each of the characters.
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at);
    if (unit === LF || unit === CR || unit === 0)
      throw wrong(field, 'a string without CR, LF and NUL', 'one with them');
    if ((unit & 0xf800) === 0xd800) hasSurrogate = true;
  }
  // Encoded as UTF-8, a lone surrogate would become another character, and the id another id.
  if (hasSurrogate && !value.isWellFormed()) throw wrong(field, 'well-formed Unicode', 'a lone surrogate');
  return value;
}

function checkRetry(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw wrong('event.retry', 'a whole number of milliseconds, at least 0', showKind(value));
}

/** A gap is the only in-band event that a source may send: only the source can detect that it lost events. */
function checkControl(type: string, id: unknown): void {
  const expected = `no type that begins with ${controlPrefix}, except ${gapType}`;
  if (type !== gapType) throw wrong('event.event', expected, 'another one');
  if (id !== undefined) throw wrong('event.id', `none in an ${gapType} event`, 'a string');
}

function wrong(field: string, expected: string, got: string): SseProxyError {
  const message = `sse-proxy source: ${field}: expected ${expected}, got ${got}`;
  return new SseProxyError('ERR_SSE_SOURCE_EVENT', { message });
}

/** `cause` itself if it is an error of this package, otherwise an `ERR_SSE_SOURCE` that wraps it. */
export function asSourceError(cause: unknown): SseProxyError {
  return isProxyError(cause) ? cause : new SseProxyError('ERR_SSE_SOURCE', { message: 'source failed', cause });
}
