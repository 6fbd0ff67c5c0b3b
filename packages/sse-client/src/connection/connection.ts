import type { Environment } from '../environment.ts';
import type { StreamConfig } from '../options.ts';
import type { ReceivedEvent, ReceivedGap } from '../received.ts';
import type { SharedTabs, StreamSnapshot } from '../types.ts';

/** The members of the snapshot that a connection sets. */
export type ConnectionStatus = Partial<
  Pick<StreamSnapshot, 'status' | 'attempt' | 'retryAt' | 'lastError' | 'connectedAt' | 'upstream' | 'since' | 'role'>
>;

/** Receives what a connection reads. The store implements it; every call is synchronous and none throws. */
export interface ConnectionSink {
  status(patch: ConnectionStatus): void;
  /** A connection that resumes after `cursor` has opened. Called before its first event, which may be a repeat. */
  resume(cursor: string): void;
  /** True while events may be repeats. */
  isCatchingUp(): boolean;
  /** Nothing is repeated from now on. */
  live(): void;
  /** Returns false if the event is a repeat. Does not move the cursor. */
  event(event: ReceivedEvent): boolean;
  /** Moves the cursor. Called for every id, before the event that has it; '' clears the cursor. */
  cursor(id: string): void;
  /** Returns false if the gap is a repeat. */
  gap(gap: ReceivedGap): boolean;
  /** Called after each chunk. The connection reads no further before the promise resolves. */
  ready(): Promise<void> | undefined;
  /** Returns true if an event with this id has been received, seeded or restored. */
  has(id: string): boolean;
  /** The cursor. */
  lastEventId(): string;
  /** Returns true if the last event had no id: a server that resumes after the cursor may or may not repeat it. */
  isPastCursor(): boolean;
  /** When the last event was received, in this page or before a reload; null if there was none. */
  lastEventAt(): number | null;
}

/** A source of events: a connection of this tab's own, or another tab's. */
export interface Connection {
  /** Call once, and again only after `stop()`. */
  start(): void;
  /** Releases every timer, listener and socket. The sink is not called after this. May be called before `start()`. */
  stop(): void;
  /** Connects now if the connection is waiting for `retryAt`. */
  retryNow(): void;
}

export interface ConnectionContext {
  readonly url: string;
  /** Its members may change at any time: read them where they are used. */
  readonly config: StreamConfig;
  readonly env: Environment;
}

/** The option `tabs` as the stream uses it. The page passes it, so that pages without it don't load it. */
export interface StreamTabs extends SharedTabs {
  /** @param connect creates a connection of this tab's own */
  readonly connection: (
    context: ConnectionContext,
    sink: ConnectionSink,
    connect: (context: ConnectionContext, sink: ConnectionSink) => Connection,
  ) => Connection;
}
