import type { UpstreamState } from '../types.ts';
import { failed, type Outcome, shortText, statusAfter, type TemporaryStatuses } from './outcome.ts';

/** Why a stream ended, as a message for people. */
export const endedMessage = 'The server ended the stream';

/** A gap as the proxy reports it. Times are NaN if they are missing or invalid. */
export interface ReportedGap {
  readonly reason: string;
  readonly from: number;
  readonly to: number;
  readonly id?: string | undefined;
}

/** The state of the proxy's upstream. `since` is NaN if it is missing or invalid. */
export interface ReportedUpstream {
  readonly state: UpstreamState | null;
  readonly since: number;
}

export interface ControlHandlers {
  gap(gap: ReportedGap): void;
  upstream(upstream: ReportedUpstream): void;
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
  const notBeforeMs = typeof fields.retryMs === 'number' ? fields.retryMs : 0;
  switch (event) {
    case 'sse-proxy:gap':
      on.gap({ reason: reason ?? 'unknown', ...span(fields), id: shortText(fields.id) });
      return undefined;
    case 'sse-proxy:upstream':
      reportUpstream(fields, on);
      return undefined;
    case 'sse-proxy:refused': {
      const status = typeof fields.status === 'number' ? fields.status : undefined;
      const message = status ? `The server answered ${status}` : "The server can't serve this now";
      const final = status ? statusAfter(status, temporary) : 'waiting';
      return failed(
        'REFUSED',
        message,
        { status, reason },
        { status: final === 'waiting' ? 'refused' : final, notBeforeMs },
      );
    }
    case 'sse-proxy:end':
      return failed('ENDED', endedMessage, { reason }, { notBeforeMs });
    default:
      return undefined;
  }
}

function reportUpstream(fields: Record<string, unknown>, on: ControlHandlers): void {
  const { state } = fields;
  const since = time(fields.since);
  if (state === 'connecting' || state === 'lost' || state === 'silent') on.upstream({ state, since });
  else if (state === 'restored') on.upstream({ state: null, since });
}

const span = (fields: Record<string, unknown>) => ({ from: time(fields.from), to: time(fields.to) });

const time = (value: unknown) => (typeof value === 'string' ? Date.parse(value) : Number.NaN);

function parse(data: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(data));
  } catch {
    return {};
  }
}
