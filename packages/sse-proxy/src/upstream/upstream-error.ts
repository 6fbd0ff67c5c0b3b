import { optionError } from '../config/rule.ts';
import { SseProxyError } from '../errors.ts';

const connectCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const protocolCodes = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/** A dispatcher of undici 6 or older calls other methods than ours: no request could ever succeed. */
export function outdatedDispatcher(cause?: unknown): SseProxyError {
  return optionError('dispatcher', 'a dispatcher of undici 7 or newer', 'an older one', cause);
}

/** True for the error with which undici 6 rejects a handler that lacks its own methods. */
function isOutdated({ code, message }: { code?: unknown; message?: unknown }): boolean {
  return code === 'UND_ERR_INVALID_ARG' && /^invalid on[A-Z]\w* method$/.test(String(message));
}

/**
 * The reason for which undici's parser failed, in words that quote nothing of the response; empty for another error.
 */
function parserReason({ name, message }: Error): string {
  const [, reason = ''] = name === 'HTTPParserError' ? (/\(([\w ,/'-]{1,80})\)$/.exec(message) ?? []) : [];
  if (reason === 'Invalid EOF state') return 'the connection was closed within the response';
  return reason && `invalid HTTP (${reason})`;
}

/** Translates what undici, the socket or TLS reported into ours; `phase`: how far the request to `origin` had got. */
export function fromUpstream(cause: unknown, phase: 'connect' | 'headers' | 'body', origin: string): SseProxyError {
  if (cause instanceof SseProxyError) return cause;
  const { code = '', name = '' } = (cause ?? {}) as { code?: string; name?: string };
  // undici attaches the bytes that it could not parse, which may be an event's, and logs print an error's properties.
  if (name === 'HTTPParserError') (cause as { data?: unknown }).data = undefined;
  if (phase === 'connect' && isOutdated((cause ?? {}) as Error)) return outdatedDispatcher(cause);
  const what = code || parserReason((cause ?? {}) as Error) || name || 'unknown error';
  const details = { message: `upstream ${origin} failed in phase ${phase}: ${what}`, cause };
  if (phase === 'body') return new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', details);
  if (name === 'HTTPParserError' || code.startsWith('HPE_') || protocolCodes.has(code)) {
    return new SseProxyError('ERR_SSE_UPSTREAM_PROTOCOL', details);
  }
  if (phase === 'connect' || connectCodes.has(code)) return new SseProxyError('ERR_SSE_UPSTREAM_CONNECT', details);
  return new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', details);
}
