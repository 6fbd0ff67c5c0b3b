import { isToken } from '../http.ts';

/** Never taken from a browser or from `upstreamHeaders`: they belong to the connection, or this proxy sets them. */
const managed = new Set([
  'accept',
  'accept-encoding',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'last-event-id',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/** Whether `value` is a field name that may be forwarded or added. */
export function isFreeHeaderName(value: string): boolean {
  const name = value.toLowerCase();
  return isToken(name) && !managed.has(name) && !name.startsWith('proxy-');
}
