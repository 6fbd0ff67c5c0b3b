import { retryTime } from '../browser/refusal.ts';
import type { ResponseWriter } from '../browser/response-writer.ts';
import { defaults } from '../config/defaults.ts';
import type { Config } from '../config/options.ts';
import type { SseProxyError } from '../errors.ts';
import type { CloseReason } from '../types.ts';

/** How a stream ended. */
export interface StreamEnd {
  readonly reason: CloseReason;
  readonly error: SseProxyError | undefined;
  /** How long to wait before the upstream is requested again after its end, in milliseconds; undefined: no wait. */
  readonly notBeforeMs: number | undefined;
}

/** Ends a browser's response with the event and the retry time that fit the reason, or breaks the connection. */
export function endResponse(
  writer: ResponseWriter,
  { reason, error, notBeforeMs = 0 }: StreamEnd,
  { retryMs, resume }: Config,
  isDraining: boolean,
): void {
  switch (reason) {
    case 'upstream-ended': {
      if (!resume) return writer.end(isDraining);
      const earliestMs = Math.max(retryMs || defaults.retryMs, notBeforeMs);
      return writer.endWith(reason, Math.round(earliestMs * (1 + Math.random() / 2)), isDraining);
    }
    case 'draining':
    case 'unauthorized':
    case 'hook-failed':
      return writer.endWith(reason, retryTime(), isDraining);
    case 'max-duration':
    case 'upstream-refused':
      return writer.endWith(reason, retryMs || retryTime(), isDraining);
    case 'refused-late':
      return writer.endWithRefusal(error as SseProxyError, retryTime(error?.retryAfterMs), isDraining);
    case 'upstream-broken':
      return resume ? writer.endWith(reason, retryTime(error?.retryAfterMs), isDraining) : writer.destroy();
    default:
      writer.destroy();
  }
}
