import type { Document } from 'bson';
import { CommandError } from './errors.ts';

/** What `data` of the failpoint `failCommand` may contain. */
export interface FailCommand {
  readonly failCommands: readonly string[];
  readonly errorCode?: number;
  /** Replaces the labels that the server would have chosen. */
  readonly errorLabels?: readonly string[];
  /** Close the connection and do not execute the command. */
  readonly closeConnection?: boolean;
  /** Wait `blockTimeMS` before the command is executed. */
  readonly blockConnection?: boolean;
  readonly blockTimeMS?: number;
  /** Not in MongoDB: close the connection after the command was executed, so that its reply is lost. */
  readonly loseReply?: boolean;
}

const known = new Set([
  'failCommands',
  'errorCode',
  'errorLabels',
  'closeConnection',
  'blockConnection',
  'blockTimeMS',
  'loseReply',
]);

/** The failpoint `failCommand`, which `configureFailPoint` sets in MongoDB, too. Several can be set at once. */
export class Failpoints {
  readonly #active: { data: FailCommand; left: number }[] = [];

  /** @param times how often it acts; infinite for `alwaysOn` */
  add(data: FailCommand, times: number): void {
    this.#active.push({ data, left: times });
  }

  clear(): void {
    this.#active.length = 0;
  }

  /** The first one that applies to this command; uses up one of its times. */
  take(commandName: string): FailCommand | undefined {
    const index = this.#active.findIndex(({ data }) => data.failCommands.includes(commandName));
    const found = this.#active[index];
    if (!found) return undefined;
    if (--found.left <= 0) this.#active.splice(index, 1);
    return found.data;
  }

  /** Executes `configureFailPoint`. */
  configure(command: Document): void {
    if (command.configureFailPoint !== 'failCommand') {
      throw new CommandError(2, `failpoint not found: ${command.configureFailPoint}`);
    }
    const { mode, data } = command;
    if (mode === 'off') return this.clear();
    const times = mode === 'alwaysOn' ? Number.POSITIVE_INFINITY : mode?.times;
    if (!(times > 0)) throw new CommandError(2, 'mode must be "off", "alwaysOn" or { times: <number> }');
    const unknown = Object.keys(data ?? {}).find((name) => !known.has(name));
    if (unknown !== undefined) throw new CommandError(2, `unknown field of failCommand: ${unknown}`);
    if (!Array.isArray(data?.failCommands)) throw new CommandError(2, 'data.failCommands must be an array');
    this.add(data as FailCommand, times);
  }
}
