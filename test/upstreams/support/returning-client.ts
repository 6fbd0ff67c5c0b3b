import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createParser } from 'eventsource-parser';

/** Milliseconds between the end of a connection and the next attempt. */
const retryMs = 50;

/**
 * A browser without a page: it reconnects with the id of its last event for as long as it is open, as `EventSource`
 * does, and drops events whose id it has seen, as the viewer does.
 */
export class ReturningClient {
  /** Messages of the logs, each id once. */
  readonly messages: string[] = [];
  /** Reasons of the gap events. */
  readonly gaps: string[] = [];
  /** Connections that were accepted. */
  visits = 0;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #ids = new Set<string>();
  readonly #seen = new Set<string>();
  #lastId: string | undefined;
  #request: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #open = true;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.#url = url;
    this.#headers = headers;
    this.#connect();
  }

  /** True if the log with this message has arrived. */
  has(message: string | undefined): boolean {
    return message !== undefined && this.#seen.has(message);
  }

  close(): void {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#request?.destroy();
  }

  #connect(): void {
    const lastId = this.#lastId;
    const headers = { ...this.#headers, accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) };
    this.#request = request(this.#url, { agent: false, headers }, (response) => this.#read(response));
    this.#request.on('error', () => this.#reconnect()).end();
  }

  #read(response: IncomingMessage): void {
    response.on('error', () => {}).once('close', () => this.#reconnect());
    if (response.statusCode !== 200) return void response.resume();
    this.visits++;
    const parser = createParser({
      onEvent: ({ event, data, id }) => {
        if (id) this.#lastId = id;
        if (event === undefined) this.#log(data, id);
        else if (event.endsWith('gap')) this.gaps.push(JSON.parse(data).reason);
      },
    });
    response.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
  }

  #log(data: string, id: string | undefined): void {
    if (id !== undefined && this.#ids.has(id)) return;
    if (id !== undefined) this.#ids.add(id);
    const { message } = JSON.parse(data);
    this.messages.push(message);
    this.#seen.add(message);
  }

  #reconnect(): void {
    clearTimeout(this.#timer);
    if (this.#open) this.#timer = setTimeout(() => this.#connect(), retryMs);
  }
}
