import { type Document, ObjectId } from 'bson';
import { Cursors } from './cursors.ts';
import type { Database } from './database.ts';
import { Failpoints } from './failpoints.ts';
import { Notifier } from './notifier.ts';

/** What a command is executed with. */
export interface Call {
  readonly state: ServerState;
  /** With JavaScript numbers. */
  readonly command: Document;
  /** The same with BSON types. */
  readonly exact: Document;
  readonly connectionId: number;
  /** Aborted when the connection closes. */
  readonly signal: AbortSignal;
}

/** A command that a server has received. */
export interface ReceivedCommand {
  readonly name: string;
  /** The whole command, with `$db` and what the driver adds. */
  readonly command: Document;
}

/** Returns what is sent instead of a reply to a command, which its name tells. */
export type Rewrite = (name: string, reply: Document, command: Document) => Document;

export interface StateOptions {
  /** Name of the replica set; undefined: a standalone server, without change streams. */
  readonly replicaSet: string | undefined;
  /** Added to the machine's time in `localTime` of `hello`. */
  readonly clockOffsetMs: number;
  /** Whether `commands` is kept. */
  readonly recordsCommands: boolean;
  readonly rewrite: Rewrite | undefined;
}

/** Everything that the commands of one running server share. */
export class ServerState {
  readonly version = '7.0.14';
  readonly cursors = new Cursors();
  readonly failpoints = new Failpoints();
  /** Name of a command → how many have arrived. */
  readonly executed = new Map<string, number>();
  readonly commands: ReceivedCommand[] = [];
  /** Number of `hello` commands that have arrived, by whatever name. */
  hellos = 0;
  readonly recordsCommands: boolean;
  readonly replicaSet: string | undefined;
  readonly clockOffsetMs: number;
  readonly database: Database;
  readonly rewrite: Rewrite | undefined;
  port = 0;
  /** False while another member of the replica set is the primary, although there is none. */
  isPrimary = true;
  /** Changes with every start and every change of the topology. */
  topology = { processId: new ObjectId(), counter: 0n };
  /** Awaited before each command and each reply; unresolved while the server is paused. */
  gate: Promise<void> = Promise.resolve();
  /** Notified of every change of the topology. */
  readonly topologyChanges = new Notifier();

  constructor(database: Database, options: StateOptions) {
    this.database = database;
    this.replicaSet = options.replicaSet;
    this.clockOffsetMs = options.clockOffsetMs;
    this.recordsCommands = options.recordsCommands;
    this.rewrite = options.rewrite;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Counts a command, and records it unless it is a handshake. */
  received(name: string, command: Document, isHandshake: boolean): void {
    this.executed.set(name, (this.executed.get(name) ?? 0) + 1);
    if (isHandshake) this.hellos++;
    else if (this.recordsCommands) this.commands.push({ name, command });
  }

  /** Makes this member the primary or a secondary, and ends the `hello` commands that await a change. */
  setPrimary(isPrimary: boolean): void {
    this.isPrimary = isPrimary;
    this.topology = { ...this.topology, counter: this.topology.counter + 1n };
    this.topologyChanges.notify();
  }
}
