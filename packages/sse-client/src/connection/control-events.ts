import type { UpstreamState } from '../types.ts';
import { failed, type Outcome, shortText, statusAfter, type TemporaryStatuses } from './outcome.ts';

/** Why a stream ended, as a message for people. */
export const endedMessage = 'The server ended the stream';

/** A gap as the proxy reports it. Times are NaN if they are missing or invalid. */
export interface ReportedGap {
  readonly reason: string;
  readonly from: number;
  readonly to: number;
  readonly id?: string;
}

export interface ControlHandlers {
  gap(gap: ReportedGap): void;
  /** @param since NaN if it is missing or invalid */
  upstream(state: UpstreamState | null, since: number): void;
}

/** True for the events that `@datashop/sse-proxy` adds to a stream. */
export const isControlEvent = (event: string) => event.startsWith('sse-proxy:');

/** Handles an event of the proxy. Returns the outcome if it ends the stream; ignores unknown ones. */
export function handleControlEvent(
  event: string,
  data: string,
  temporary: TemporaryStatuses,
  on: ControlHandlers,
): Outcome | undefined {
  const fields = parse(data);
  const reason = shortText(fields.reason);
  const retry = { notBeforeMs: number(fields.retryMs) };
  if (event === 'sse-proxy:gap') {
    const id = shortText(fields.id);
    on.gap({ reason: reason ?? 'unknown', from: time(fields.from), to: time(fields.to), ...(id && { id }) });
  }
  if (event === 'sse-proxy:upstream') reportUpstream(fields, on);
  if (event === 'sse-proxy:end') return failed('ENDED', endedMessage, { reason }, retry);
  if (event !== 'sse-proxy:refused') return undefined;
  const status = number(fields.status);
  const message = status ? `The server returned ${status}` : "The server can't serve this now";
  const then = statusAfter(status, temporary);
  return failed('REFUSED', message, { status, reason }, { ...retry, status: then === 'waiting' ? 'refused' : then });
}

function reportUpstream({ state, since }: Record<string, unknown>, on: ControlHandlers): void {
  const isRestored = state === 'restored';
  if (isRestored || ['connecting', 'lost', 'silent'].includes(state as string))
    on.upstream(isRestored ? null : (state as UpstreamState), time(since));
}

const number = (value: unknown) => (typeof value === 'number' ? value : 0);

const time = (value: unknown) => Date.parse(shortText(value) ?? '');

function parse(data: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(data));
  } catch {
    return {};
  }
}
