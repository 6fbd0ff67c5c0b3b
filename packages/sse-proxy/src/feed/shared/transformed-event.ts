import { showKind } from '../../errors.ts';
import { serializeEvent, serializeId } from '../../sse/events.ts';
import { unusableId } from '../../sse/fields.ts';
import type { SseEvent } from '../../types.ts';

/**
 * Serialises a result of `share.transform`. The event keeps the upstream's `id`, a byte string, which is `idText` in
 * the event that was passed to the function. Of a dropped event only the id is left; undefined if it has none.
 *
 * @throws TypeError that names the wrong field, and never shows a value [R56]
 */
export function encodeTransformed(
  result: unknown,
  id: string | undefined,
  idText: string | undefined,
): Buffer | undefined {
  const hasId = id !== undefined && id !== unusableId;
  if (result === null) return hasId ? Buffer.from(serializeId(id), 'latin1') : undefined;
  if (typeof result !== 'object') throw wrong('result', 'an event with data: string, or null', result);
  // Read once: a getter may return something else the next time.
  const { id: given, event, data, retry } = result as Record<keyof SseEvent, unknown>;
  if (typeof data !== 'string') throw wrong('data', 'a string', data);
  if (event !== undefined && typeof event !== 'string') throw wrong('event', 'a string', event);
  if (given !== undefined && given !== idText) throw wrong('id', "the event's own id, or none", given);
  if (retry !== undefined && !(Number.isSafeInteger(retry) && (retry as number) >= 0))
    throw wrong('retry', 'a whole number of milliseconds, at least 0', retry);
  const text = serializeEvent({ event, data, retry } as SseEvent);
  // The id's own bytes: it may be invalid UTF-8.
  return hasId ? Buffer.concat([Buffer.from(`id: ${id}\n`, 'latin1'), Buffer.from(text)]) : Buffer.from(text);
}

function wrong(field: string, expected: string, got: unknown): TypeError {
  return new TypeError(`share.transform returned a wrong ${field}: expected ${expected}, got ${showKind(got)}`);
}
