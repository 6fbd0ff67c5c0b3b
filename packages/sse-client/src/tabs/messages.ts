import type { Connection, ConnectionContext, ConnectionSink, ConnectionStatus } from '../connection/connection.ts';
import type { ReceivedEvent, ReceivedGap } from '../received.ts';

/**
 * Part of every message and of the names of lock and channel, so that pages of different versions ignore each other.
 */
export const protocol = 'sse-client/2';

/** A call to the sink, as it is sent from tab to tab. */
export type Item =
  | readonly ['resume', string]
  | readonly ['live', '']
  | readonly ['cursor', string]
  | readonly ['event', ReceivedEvent]
  | readonly ['gap', ReceivedGap];

/** From the leader to all. A term is the period in which one tab leads; later terms are higher. `seq` counts from 1. */
export interface Flow {
  kind: 'flow';
  term: number;
  seq: number;
  items: Item[];
  /** Absent if unchanged. */
  status?: ConnectionStatus;
}

/** From the leader to one follower: its position. Later items are sent in flows from `seq + 1` on. */
export interface Welcome {
  kind: 'welcome';
  to: string;
  term: number;
  seq: number;
  /** The items from the first with the follower's id on; absent if the leader has none with this id. */
  items?: Item[] | undefined;
  /** The items with the leader's last id: where a catch-up can join the flow. */
  tail: Item[];
  cursor: string;
  status: ConnectionStatus;
}

/** From a follower that is out of step to the leader. */
export interface Hello {
  kind: 'hello';
  from: string;
  id: string;
  /** True if the follower has just been switched on: a leader that has given up then tries again. */
  isStart: boolean;
}

/** From a follower to the leader. `ping` asks for a flow, `retry` is the user's "retry now". */
export interface Call {
  kind: 'ping' | 'retry';
}

export type Message = Flow | Welcome | Hello | Call;

/** The parts of a page that takes part in sharing. */
export interface TabParts {
  readonly scope: string;
  readonly context: ConnectionContext;
  readonly sink: ConnectionSink;
  readonly locks: LockManager;
  readonly Channel: typeof BroadcastChannel;
  /** Creates a connection of this tab's own. */
  readonly connect: (sink: ConnectionSink) => Connection;
}

/** The parts that the leader and the follower of one tab have in common. */
export interface Common {
  readonly context: ConnectionContext;
  readonly sink: ConnectionSink;
  /** Creates a connection of this tab's own. */
  connect(sink: ConnectionSink): Connection;
  /** Recent items since this tab joined, starting at a known cursor; contiguous except at recorded gaps. */
  readonly history: readonly Item[];
  /** The highest known term. */
  term: number;
  /** The leader's status. */
  status: ConnectionStatus;
  /** Passes an item on to the sink. Returns false if it is a repeat. */
  take(item: Item): boolean;
  post(message: Message): void;
}

/**
 * Returns the items from the first one with this id on. Several events may share an id [R36]: the tab that asks may
 * have only some of them, and drops those as repeats. Returns undefined if no item has the id.
 */
export function itemsFrom(items: readonly Item[], id: string): Item[] | undefined {
  let first: number | undefined;
  for (let index = items.length - 1; index >= 0; index--) {
    const [kind, value] = items[index]!;
    if (kind !== 'cursor') continue;
    if (value === id) first = index;
    else if (first !== undefined) break;
  }
  return first === undefined ? undefined : items.slice(first);
}
