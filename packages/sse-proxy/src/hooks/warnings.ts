import { isProxyError, printable, type SseProxyError, type SseProxyErrorCode, showKind } from '../errors.ts';

/** Each code is reported once within this time. */
const quietMs = 60_000;

/** Not reported, since they occur in normal operation: a restart, and an upstream that has nothing more to send. */
const expected: ReadonlySet<SseProxyErrorCode> = new Set(['ERR_SSE_DRAINING', 'ERR_SSE_UPSTREAM_NO_CONTENT']);

/**
 * Codes of errors whose cause the application threw: a warning adds the kind of the cause. The message of an upstream's
 * error contains the code of its cause already.
 */
const ownCodes: ReadonlySet<SseProxyErrorCode> = new Set([
  'ERR_SSE_HOOK',
  'ERR_SSE_TRANSFORM',
  'ERR_SSE_INTERNAL',
  'ERR_SSE_SOURCE',
]);

/**
 * Reports errors on the console of an application that logs nothing itself, by `process.emitWarning`. Bounded: at most
 * one warning per code and minute. Of a user's own error only the kind is shown, since its text may hold a secret
 * [R56].
 */
export class Warnings {
  readonly #reported = new Map<SseProxyErrorCode, { at: number; heldBack: number }>();

  /** `what` completes "sse-proxy …": 'refused a stream', 'lost the upstream'. Never throws. */
  report(route: string, what: string, error: SseProxyError): void {
    const { code } = error;
    if (expected.has(code)) return;
    const last = this.#reported.get(code);
    const now = performance.now();
    if (last && now - last.at < quietMs) {
      last.heldBack++;
      return;
    }
    this.#reported.set(code, { at: now, heldBack: 0 });
    const more = last?.heldBack ? ` (${last.heldBack} more since the last warning)` : '';
    const where = route === '' ? '' : ` on ${printable(route)}`;
    emit(`sse-proxy ${what}${where}: ${error.message}${kindOfCause(error)}${more}`, code);
  }
}

function emit(message: string, code: SseProxyErrorCode): void {
  try {
    process.emitWarning(message, { type: 'SseProxyWarning', code });
  } catch {
    // The application has replaced it. A warning must not end a request, or the process.
  }
}

/** The kind of an error that the application threw; empty for others. */
function kindOfCause({ cause, code }: SseProxyError): string {
  if (!ownCodes.has(code) || cause === undefined || isProxyError(cause)) return '';
  return `, it threw ${showKind(cause)}`;
}
