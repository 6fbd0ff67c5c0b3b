import type { Socket } from 'node:net';
import type { Document } from 'bson';
import { block } from './block.ts';
import { concernsChangeStream, execute, nameOf, timesOf } from './commands.ts';
import { CommandError, errorReply, isAboutState } from './errors.ts';
import type { Call, ServerState } from './server-state.ts';
import { encodeReply, parseMessage, splitMessages, type WireRequest } from './wire.ts';

/** Names of `hello`, the only command that the legacy message may carry. */
const handshakes = new Set(['hello', 'isMaster', 'ismaster']);

let connections = 0;
let replies = 0;

/** Serves one client. Commands are executed one after another, in the order in which they arrive. */
export class Connection {
  readonly #state: ServerState;
  readonly #socket: Socket;
  readonly #id = ++connections;
  readonly #closed = new AbortController();
  readonly #queue: Buffer[] = [];
  #received: Buffer = Buffer.alloc(0);
  #running = false;

  constructor(state: ServerState, socket: Socket) {
    this.#state = state;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // A reset by the client is one of the ways in which a connection ends.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed.abort());
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      const { messages, rest } = splitMessages(Buffer.concat([this.#received, chunk]));
      this.#received = rest;
      this.#queue.push(...messages);
    } catch {
      this.close();
    }
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next && !this.#socket.destroyed; next = this.#queue.shift()) {
        await this.#serve(parseMessage(next));
      }
    } catch (error) {
      process.emitWarning(error as Error);
      this.close();
    }
    this.#running = false;
  }

  async #serve(request: WireRequest): Promise<void> {
    const { command, exact } = request;
    const call: Call = {
      state: this.#state,
      command,
      exact,
      connectionId: this.#id,
      signal: this.#closed.signal,
    };
    const name = nameOf(command);
    this.#state.received(name, command, handshakes.has(name));
    // With "exhaust", `hello` is repeated until the client closes the connection.
    const repeated = request.exhaustAllowed && handshakes.has(name) && command.topologyVersion !== undefined;
    do {
      await this.#state.gate;
      const reply = await this.#reply(call, request);
      await this.#state.gate;
      if (!reply || this.#socket.destroyed) return this.close();
      if (request.moreToCome) return;
      const more = repeated && reply.ok === 1;
      this.#socket.write(encodeReply(request, reply, ++replies, more));
      if (!more) return;
      command.topologyVersion = reply.topologyVersion;
    } while (!this.#socket.destroyed);
  }

  /** The reply to a command, or undefined if a failpoint closes the connection. */
  async #reply(call: Call, { kind }: WireRequest): Promise<Document | undefined> {
    const { state, command } = call;
    const name = nameOf(command);
    const onChangeStream = concernsChangeStream(state, command);
    const failpoint = name === 'configureFailPoint' ? undefined : state.failpoints.take(name);
    if (failpoint?.closeConnection) return undefined;
    try {
      if (kind === 'query' && !handshakes.has(name)) {
        throw new CommandError(352, `Unsupported OP_QUERY command: ${name}. The client driver may require an upgrade.`);
      }
      if (failpoint?.blockConnection) await block(failpoint.blockTimeMS ?? 0, call);
      if (failpoint?.errorCode !== undefined) {
        throw new CommandError(
          failpoint.errorCode,
          `Failing command via 'failCommand' failpoint`,
          failpoint.errorLabels,
        );
      }
      const reply = { ...(await execute(call)), ok: 1, ...timesOf(state) };
      if (failpoint?.loseReply) return undefined;
      return state.rewrite?.(name, reply, command) ?? reply;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const topology = isAboutState(error) ? { topologyVersion: state.topology } : {};
      return { ...errorReply(error, command, onChangeStream), ...topology, ...timesOf(state) };
    }
  }
}
