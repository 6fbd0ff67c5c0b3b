import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { trusted } from '../../faults/support/certificates.ts';

/** A response over HTTP/2, whose body arrives. */
export interface Response {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  /** Resolves when the body so far satisfies `condition`, with that body. */
  body(condition: (bytes: Buffer) => boolean): Promise<Buffer>;
  /** Resolves with the whole body. */
  whole(): Promise<Buffer>;
  /** Leaves, as a browser that closes its page. */
  leave(): void;
}

/** One connection over HTTP/2 and TLS, such as a browser has. */
export class Browser {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static async connect(origin: string): Promise<Browser> {
    const session = connect(origin, { ca: trusted.cert });
    session.on('error', () => {});
    await once(session, 'connect');
    if (session.alpnProtocol !== 'h2') throw new Error(`expected h2, got ${session.alpnProtocol}`);
    return new Browser(session);
  }

  /** Resolves when the headers of the response have arrived. */
  async request(path: string, headers: OutgoingHttpHeaders = {}, body?: string): Promise<Response> {
    const stream: ClientHttp2Stream = this.#session.request(
      { ':path': path, ...headers },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    let bytes = Buffer.alloc(0);
    let ended = false;
    const chunks = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    };
    stream.on('end', () => {
      ended = true;
    });
    stream.on('error', () => {});
    const [received] = await once(stream, 'response');
    stream.on('data', chunks);
    return {
      status: received[':status'],
      headers: received,
      body: async (condition) => {
        await until(() => condition(bytes));
        return bytes;
      },
      whole: async () => {
        await until(() => ended);
        return bytes;
      },
      leave: () => stream.close(),
    };
  }

  close(): void {
    this.#session.destroy();
  }
}
