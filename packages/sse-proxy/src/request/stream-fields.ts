import { isRecord } from '../config/rule.ts';
import { SseProxyError, showKind } from '../errors.ts';
import type { StreamInfo } from '../types.ts';

/** Fields are copied into every log line of a stream: their number and size are bounded. */
const maxFields = 8;
const maxValueLength = 200;
/** Safe as a key in any logger and query language. */
const fieldName = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;

/** The fields of a stream for which `authorize` has returned none. */
export const noFields: StreamInfo['fields'] = Object.freeze({});

/**
 * Checks the `fields` that `authorize` returned.
 * @throws SseProxyError `ERR_SSE_HOOK` that shows no name and no value
 */
export function readFields(given: unknown): StreamInfo['fields'] {
  if (given === undefined) return noFields;
  if (!isRecord(given)) throw wrongFields(showKind(given));
  const fields = Object.entries(given).filter(([, value]) => value !== undefined);
  if (fields.length > maxFields) throw wrongFields(`${fields.length} fields`);
  return Object.freeze(Object.fromEntries(fields.map(readField)));
}

function readField([name, value]: [string, unknown]): [string, string] {
  if (!fieldName.test(name)) throw wrongFields('a field with another name');
  if (typeof value !== 'string') throw wrongFields(`a field that is ${showKind(value)}`);
  return [name, value.length > maxValueLength ? `${value.slice(0, maxValueLength - 1)}…` : value];
}

function wrongFields(got: string): SseProxyError {
  const names = 'names of 1 to 40 letters, digits and _ that begin with a letter';
  const message = `authorize must return fields: an object of at most ${maxFields} strings under ${names}, returned ${got}`;
  return new SseProxyError('ERR_SSE_HOOK', { message });
}
