import type { Environment } from '../environment.ts';
import type { StreamConfig } from '../options.ts';
import type { ReceivedEvent, ReceivedGap } from '../received.ts';
import type { StreamSnapshot } from '../types.ts';

/** What of the snapshot is the link's to say. */
export type ConnectionStatus = Partial<
  Pick<StreamSnapshot, 'status' | 'attempt' | 'retryAt' | 'lastError' | 'connectedAt' | 'role'>
>;

/** Where a link puts what it got. The store implements it; every call is synchronous and none throws. */
export interface ConnectionSink {
  status(patch: ConnectionStatus): void;
  /** Doubles are found here, so that a link may give the same event again. It does not move the cursor. */
  event(event: ReceivedEvent): void;
  /** Moves the cursor: called for every id, before the event that has it. '' clears it. */
  cursor(id: string): void;
  gap(gap: ReceivedGap): void;
  /** The cursor. */
  lastEventId(): string;
  /** When the last event came, also if it came before a reload; null if none ever did. */
  lastEventAt(): number | null;
}

/** Where events come from: a connection of this tab's own, or another tab's. */
export interface Connection {
  /** Called once when switched on, and again only after `stop()`. */
  start(): void;
  /** Says nothing to the sink any more, and holds no timer, listener or socket. */
  stop(): void;
  /** The user does not want to wait for `retryAt`. */
  retryNow(): void;
}

export interface ConnectionContext {
  readonly url: string;
  readonly config: StreamConfig;
  readonly env: Environment;
}

export type MakeConnection = (context: ConnectionContext, sink: ConnectionSink) => Connection;
