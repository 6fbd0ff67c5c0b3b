import { channel } from 'node:diagnostics_channel';
import type { SpanReference } from '../types.ts';
import { isTracingField } from './tracing-fields.ts';

/*
 * Tracing agents, such as @opentelemetry/instrumentation-undici, subscribe to undici's channels. At `create` they start
 * a span and add header fields to the request; at `trailers` they end the span; at `error` they end it as failed.
 */
const created = channel('undici:request:create');
const completed = channel('undici:request:trailers');
const failed = channel('undici:request:error');

/** undici's own request, as its channels document it. */
export interface TracedRequest {
  readonly method: string;
  /** name, value, name, value, … */
  readonly headers: readonly unknown[];
  readonly completed: boolean;
  aborted: boolean;
  addHeader(name: string, value: string): unknown;
  /** Not documented: called by undici's client for every error of the request. */
  onResponseError?(error: unknown): void;
}

/**
 * Sends a request so that the upstream gets each tracing field once: an agent's, or else the one in `headers`. Without
 * an agent, `headers` are sent as they are. A dispatcher that makes its request later than in `dispatch` sends no
 * forwarded tracing fields while there is an agent.
 *
 * @param headers name, value, name, value, …
 * @param onTraced called with undici's request if there is an agent
 */
export function dispatchTraced(
  headers: string[],
  dispatch: (headers: string[]) => void,
  onTraced: (request: TracedRequest) => void,
): void {
  if (!created.hasSubscribers) return dispatch(headers);
  // An agent would add a second traceparent, or keep the forwarded one, which is not its span's.
  const forwarded = pick(headers, isTracingField);
  // The last subscriber, so agents have added their fields by then.
  const onCreate = (message: unknown) => {
    const { request } = message as { request: TracedRequest };
    if (request.method !== 'GET') return;
    addMissing(request, forwarded);
    onTraced(request);
  };
  created.subscribe(onCreate);
  try {
    dispatch(pick(headers, (name) => !isTracingField(name)));
  } finally {
    created.unsubscribe(onCreate);
  }
}

function addMissing(request: TracedRequest, forwarded: readonly string[]): void {
  const names = request.headers.filter((_, index) => index % 2 === 0);
  const present = new Set(names.map((name) => String(name).toLowerCase()));
  // A tracestate belongs to its traceparent. [spec] W3C Trace Context §3.3
  if (present.has('traceparent')) present.add('tracestate');
  for (let i = 0; i < forwarded.length; i += 2) {
    const name = forwarded[i] as string;
    if (!present.has(name)) request.addHeader(name, forwarded[i + 1] as string);
  }
}

function pick(headers: readonly string[], wanted: (name: string) => boolean): string[] {
  return headers.filter((_, index) => wanted(headers[index - (index % 2)] as string));
}

/** The span that the request's traceparent names; undefined without a valid one. [spec] W3C Trace Context §3.2.2 */
export function spanOf({ headers }: TracedRequest): SpanReference | undefined {
  const [, value] = pick(headers.map(String), (name) => name.toLowerCase() === 'traceparent');
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(value ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return Object.freeze({ traceId, spanId, traceFlags: Number.parseInt(flags as string, 16) & 1 });
}

/**
 * Keeps undici from reporting errors of a request to agents, and passes them to `onError` instead: an abort is no
 * failure, and undici considers a body broken that it did not read itself. {@link reportEnd} is then the only report.
 * For requests of our own clients only: other dispatchers may have handlers that rely on undici's call.
 */
export function takeErrors(request: TracedRequest, onError: (error: unknown) => void): void {
  request.onResponseError = (error) => {
    request.aborted = true;
    onError(error);
  };
}

/** Reports to agents that a request has ended, if undici has not. `fault`: why it failed. */
export function reportEnd(request: TracedRequest, fault: Error | undefined): void {
  if (request.completed) return;
  if (fault) failed.publish({ request, error: fault });
  else completed.publish({ request, trailers: [] });
}
