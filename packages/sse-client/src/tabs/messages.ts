import type { Connection, ConnectionContext, ConnectionSink, ConnectionStatus } from '../connection/connection.ts';
import type { ReceivedEvent, ReceivedGap } from '../received.ts';

/** Part of every message and of the names of lock and channel: pages of another version don't meet this one's. */
export const protocol = 'sse-client/1';

/** A call of the sink's, as it goes from tab to tab. */
export type Item = ['cursor', string] | ['event', ReceivedEvent] | ['gap', ReceivedGap];

/** The leader to all. A term is one tab's time as the leader, later ones are higher; `seq` counts its flows from 1. */
export interface Flow {
  kind: 'flow';
  term: number;
  seq: number;
  items: Item[];
  /** Absent if it is as it was. */
  status?: ConnectionStatus;
}

/** The leader to one follower: where the flow stands. What it tells from here on comes as flows from `seq + 1`. */
export interface Welcome {
  kind: 'welcome';
  to: string;
  term: number;
  seq: number;
  /** What came after the follower's id; absent if the leader does not know that id. */
  items?: Item[] | undefined;
  cursor: string;
  status: ConnectionStatus;
}

/** A follower that is not in step, to the leader. */
export interface Hello {
  kind: 'hello';
  from: string;
  id: string;
  /** Switched on just now, so that a leader that had given up tries again. */
  isStart: boolean;
}

/** A follower to the leader: are you there? And: the user does not want to wait. */
export interface Call {
  kind: 'ping' | 'retry';
}

export type Message = Flow | Welcome | Hello | Call;

/** What a tab's two sides have in common. */
export interface Common {
  readonly context: ConnectionContext;
  readonly sink: ConnectionSink;
  /** Makes a connection of this tab's own. */
  connect(sink: ConnectionSink): Connection;
  /** The newest of what came since it joined, from a known cursor on, without a hole that is not shown. */
  readonly history: readonly Item[];
  /** The highest that it knows. */
  term: number;
  /** The leader's. */
  status: ConnectionStatus;
  take(item: Item): void;
  post(message: Message): void;
}

/** What comes after the event with this id, in a list in which nothing is missing; undefined if it has not got it. */
export function itemsAfter(items: readonly Item[], id: string): Item[] | undefined {
  for (let index = items.length - 1; index >= 0; index--) {
    const [kind, value] = items[index]!;
    if (kind !== 'cursor' || value !== id) continue;
    const next = items[index + 1];
    return items.slice(next?.[0] === 'event' && next[1].id === id ? index + 2 : index + 1);
  }
  return undefined;
}
