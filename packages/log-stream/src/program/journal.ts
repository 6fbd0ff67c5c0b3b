import { LogStreamError } from '../errors.ts';
import type { LogStreamObserver } from '../types.ts';

/** Prints one event of the program as one line of JSON. */
export type Print = (event: string, fields: Readonly<Record<string, unknown>>) => void;

/** Creates a {@link Print} that writes to `out`. The service goes on if the reader of the output has ended. */
export function printer(out: NodeJS.WritableStream): Print {
  out.on('error', () => {});
  return (event, fields) => out.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`);
}

/** Prints each open, refusal, gap, eviction and close of a stream, with its reason. */
export function audit(print: Print): LogStreamObserver {
  return {
    onOpen: ({ stream }) => print('open', { ...stream }),
    onRefuse: ({ stream, error: { code, rule }, status }) => print('refuse', { ...stream, status, code, rule }),
    onGap: ({ stream, ...gap }) => print('gap', { ...stream, ...gap }),
    onEvict: ({ stream, ...eviction }) => print('evict', { ...stream, ...eviction }),
    onClose: ({ stream, ...close }) => print('close', { ...stream, ...close }),
  };
}

/** Describes a failure for the operator: the code and messages of the error and its cause, no stack. */
export function failure(error: Error): Record<string, unknown> {
  const { cause } = error;
  return {
    ...(error instanceof LogStreamError && { code: error.code }),
    message: error.message,
    ...(cause instanceof Error && { cause: cause.message }),
  };
}
