import type { IncomingHttpHeaders } from 'node:http';
import { SseProxyError } from '../errors.ts';

/** The error that an upstream's status and header fields amount to; undefined if they begin an event stream. */
export function classifyResponse(status: number, headers: IncomingHttpHeaders): SseProxyError | undefined {
  const message = `upstream answered ${status}`;
  if (status === 204) return new SseProxyError('ERR_SSE_UPSTREAM_NO_CONTENT', { message });
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return new SseProxyError('ERR_SSE_UPSTREAM_BUSY', { message, retryAfterMs: retryAfter(headers['retry-after']) });
  }
  if (status >= 400) return new SseProxyError('ERR_SSE_UPSTREAM_REFUSED', { message, status });
  if (status >= 300) return new SseProxyError('ERR_SSE_UPSTREAM_REDIRECT', { message });
  if (status !== 200) return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', { message });
  // [spec] the MIME type's essence decides; parameters and case do not.
  const essence = String(headers['content-type'] ?? '')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase();
  if (essence !== 'text/event-stream') {
    return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', {
      message: `upstream answered 200 with type ${essence || 'none'}`,
    });
  }
  const coding = String(headers['content-encoding'] ?? 'identity')
    .trim()
    .toLowerCase();
  if (coding !== 'identity') {
    return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', {
      message: `upstream answered with Content-Encoding ${coding}`,
    });
  }
  return undefined;
}

// [spec] RFC 9110 §10.2.3: seconds, or a date.
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
