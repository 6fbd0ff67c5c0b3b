import { RESP_TYPES } from 'redis';
import type { Connection } from './connection.ts';
import type { Script } from './script.ts';

/** Replies with the bytes as they are, and maps as lists, whatever the version of the protocol. */
const options = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.MAP]: Array } };

/** Sends commands over one connection, in order. They reject if the connection is lost. */
export class RedisCommands {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  send(args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.#connection.call((client) => client.sendCommand(args, options));
  }

  run(script: Script, keys: readonly string[], args: readonly (string | number | Buffer)[]): Promise<unknown> {
    return this.#connection.call((client) => script.run(client, keys, args, options));
  }
}
