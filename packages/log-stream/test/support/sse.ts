import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { LogDocument } from '../../src/index.ts';

export interface ReceivedEvent {
  id: string;
  log: LogDocument;
}

const open = new Set<TestStream>();

/** A client with a socket of its own that keeps every byte. */
export class TestStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `end` after a clean end, `cut` after a broken one. */
  ended: 'end' | 'cut' | undefined;
  readonly #res: IncomingMessage;
  #change = Promise.withResolvers<void>();
  // Joined on access, because megabytes arrive in small chunks.
  #chunks: string[] = [];
  #recent = '';

  constructor(res: IncomingMessage, reading: boolean) {
    this.#res = res;
    this.status = res.statusCode ?? 0;
    this.headers = res.headers;
    res.setEncoding('utf8');
    res.once('end', () => {
      this.ended = 'end';
      this.#change.resolve();
    });
    res.on('error', () => {});
    res.once('close', () => {
      this.ended ??= 'cut';
      this.#change.resolve();
    });
    if (reading) this.read();
  }

  /** The body as far as it has been received. */
  get text(): string {
    if (this.#chunks.length > 1) this.#chunks = [this.#chunks.join('')];
    return this.#chunks[0] ?? '';
  }

  /** Starts to read; call it on a stream that was opened with `reading: false`. */
  read(): void {
    this.#res.on('data', (chunk: string) => {
      this.#chunks.push(chunk);
      this.#recent = this.#recent.slice(-200) + chunk;
      this.#change.resolve();
      this.#change = Promise.withResolvers();
    });
  }

  /** Resolves once the body fulfils the condition; rejects if the stream ends before. */
  until(condition: (text: string) => boolean): Promise<void> {
    return this.#until(() => condition(this.text));
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.ended !== undefined) throw new Error(`the stream ended (${this.ended}) after ${this.text.slice(-500)}`);
      await this.#change.promise;
    }
  }

  /** Resolves once the event of the log with this message is complete. */
  async untilMessage(message: string): Promise<void> {
    const needle = `"message":${JSON.stringify(message)}`;
    let found = this.text.includes(needle);
    await this.#until(() => {
      found ||= this.#recent.includes(needle);
      return found && this.#recent.endsWith('\n\n');
    });
  }

  /** Resolves with `end` or `cut` once the stream has ended. */
  async untilEnd(): Promise<string> {
    while (this.ended === undefined) await this.#change.promise;
    return String(this.ended);
  }

  /** Destroys the connection, as a browser does when it leaves. */
  leave(): void {
    open.delete(this);
    this.#res.destroy();
  }

  /** The complete blocks, without comments and `retry:` before them. */
  get blocks(): string[] {
    return this.text
      .split('\n\n')
      .slice(0, -1)
      .map((block) => block.replace(/^(?:(?:retry: \d+|:ping)\n)+/, ''));
  }

  get events(): ReceivedEvent[] {
    return this.blocks.flatMap((block) => {
      const match = /^id: (\S+)\ndata: ([^\n]*)$/.exec(block);
      return match ? [{ id: String(match[1]), log: JSON.parse(String(match[2])) as LogDocument }] : [];
    });
  }

  get messages(): string[] {
    return this.events.map((event) => event.log.message);
  }

  /** The Last-Event-ID that a browser would send: an id counts even without data. */
  get lastId(): string | undefined {
    return this.blocks.flatMap((block) => /^id: (\S+)$/m.exec(block)?.[1] ?? []).at(-1);
  }
}

export interface OpenOptions {
  lastEventId?: string | undefined;
  headers?: Record<string, string>;
  method?: string;
  /** False: nothing is read from the socket. */
  reading?: boolean;
  /** Sent byte for byte, in place of the URL's path. */
  path?: string;
}

/** Opens a stream; resolves with the headers. */
export async function openStream(url: string, options: OpenOptions = {}): Promise<TestStream> {
  const { lastEventId, headers = {}, method = 'GET', reading = true, path } = options;
  const req = request(url, {
    agent: false,
    method,
    ...(path !== undefined && { path }),
    headers: { ...headers, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
  });
  req.end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const stream = new TestStream(res, reading);
  open.add(stream);
  return stream;
}

export function leaveStreams(): void {
  for (const stream of open) stream.leave();
}
