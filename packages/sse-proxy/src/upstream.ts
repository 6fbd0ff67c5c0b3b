import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { maxHeaderBytes } from './defaults.ts';
import { fromUpstream, SseProxyError } from './errors.ts';
import { judgeAnswer } from './headers.ts';
import type { UpstreamAddress } from './target.ts';
import { startTimeout } from './timeout.ts';
import { watchTls } from './tls-warning.ts';

/** One upstream request. */
export interface UpstreamRequest {
  readonly address: UpstreamAddress;
  /** name, value, name, value, … */
  readonly headers: string[];
}

/** What becomes of an {@link UpstreamRequest}. After onEnd or onError nothing more is called. */
export interface UpstreamEvents {
  /** 200, text/event-stream, not encoded. Everything else comes as onError. */
  onHeaders(headers: IncomingHttpHeaders): void;
  onData(chunk: Buffer): void;
  /** The response ended as HTTP says it should. */
  onEnd(): void;
  onError(error: SseProxyError): void;
}

/** A request under way. */
export interface UpstreamConnection {
  /** Stops reading; what arrives meanwhile stays in the kernel and slows the upstream down. */
  pause(): void;
  resume(): void;
  /** Ends the request in whatever phase it is, DNS and connect included. Calls nothing back. */
  abort(): void;
}

/** Options of {@link createUpstream}, in milliseconds. */
export interface UpstreamOptions {
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly dispatcher: Dispatcher | undefined;
}

/** Opens upstream requests and counts those under way. */
export interface Upstream {
  open(request: UpstreamRequest, events: UpstreamEvents): UpstreamConnection;
  readonly connections: number;
}

// Ours, not undici's: undici's timeouts fire late (its clock ticks every 500 ms) and know no stalled event loop.
const undiciTimeouts = { headersTimeout: 0, bodyTimeout: 0 };

const CRLF = '\r\n';

/** How much the read that brought `chunk` has brought behind it. undici cuts chunks out of what it reads. */
function leftOfRead(chunk: Buffer): number {
  return chunk.buffer.byteLength - chunk.byteOffset - chunk.length;
}

/**
 * Without a dispatcher of the user's, every stream gets an undici Client of its own: a pool would scan its
 * connections at each request, and could not say which socket is connecting for whom, so that a browser's leaving
 * could not end a connect. An event stream's connection is never used twice anyway.
 */
export function createUpstream({ connectTimeoutMs, headersTimeoutMs, dispatcher }: UpstreamOptions): Upstream {
  // TLS is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says: switching it off takes an explicit dispatcher.
  const connect = buildConnector({ timeout: 0, allowH2: false, rejectUnauthorized: true });
  let connections = 0;

  function ownClient(origin: string): { client: Dispatcher; destroy: () => void } {
    let socket: Socket | undefined;
    const client = new Client(origin, {
      ...undiciTimeouts,
      maxHeaderSize: maxHeaderBytes,
      connect(options, callback) {
        // undici's connector returns its socket, though its types don't say so.
        socket = connect(options, callback) as unknown as Socket | undefined;
      },
    });
    const destroy = () => {
      socket?.destroy();
      client.destroy();
    };
    return { client, destroy };
  }

  return {
    get connections() {
      return connections;
    },
    open(request, events) {
      const { origin, path } = request.address;
      if (dispatcher) watchTls(origin);
      const { client, destroy } = dispatcher ? { client: dispatcher, destroy: () => {} } : ownClient(origin);
      let phase: 'connect' | 'headers' | 'body' | 'over' = 'connect';
      let controller: Dispatcher.DispatchController | undefined;
      let aborting = false;
      let turn: Buffer[] = [];
      connections++;

      function finish(): boolean {
        if (phase === 'over') return false;
        phase = 'over';
        connections--;
        stopTimeout();
        return true;
      }
      function stop(): void {
        aborting = true;
        controller?.abort(new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', { message: 'aborted by the proxy' }));
        destroy();
      }
      function flushTurn(): void {
        const chunks = turn;
        turn = [];
        if (phase === 'body' && chunks.length > 0) events.onData(Buffer.concat(chunks));
      }
      function fail(error: SseProxyError): void {
        if (!finish()) return;
        stop();
        events.onError(error);
      }
      function expect(what: string, ms: number): () => void {
        return startTimeout(ms, () => {
          fail(new SseProxyError('ERR_SSE_UPSTREAM_TIMEOUT', { message: `no ${what} after ${ms} ms` }));
        });
      }

      let stopTimeout = expect('connection', connectTimeoutMs);
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart(started) {
          controller = started;
          if (aborting) return started.abort(new Error('aborted'));
          if (phase !== 'connect') return;
          phase = 'headers';
          stopTimeout();
          stopTimeout = expect('headers', headersTimeoutMs);
        },
        onResponseStart(_, status, headers) {
          if (status < 200 || phase === 'over') return;
          stopTimeout();
          const error = judgeAnswer(status, headers);
          if (error) return fail(error);
          phase = 'body';
          events.onHeaders(headers);
        },
        onResponseData(_, chunk) {
          if (phase !== 'body') return;
          // Upstreams mostly send an event a chunk. Those that one read has brought go on as one, and leave in one write.
          const isLast = leftOfRead(chunk) <= CRLF.length;
          if (isLast && turn.length === 0) events.onData(chunk);
          else if (turn.push(chunk) === 1) process.nextTick(flushTurn);
          else if (isLast) flushTurn();
        },
        onResponseEnd() {
          flushTurn();
          if (!finish()) return;
          destroy();
          events.onEnd();
        },
        onResponseError(_, cause) {
          flushTurn();
          if (phase !== 'over') fail(fromUpstream(cause, phase));
        },
      };
      try {
        client.dispatch(
          { origin, path, method: 'GET', headers: request.headers, reset: true, ...undiciTimeouts },
          handler,
        );
      } catch (cause) {
        queueMicrotask(() => phase !== 'over' && fail(fromUpstream(cause, phase)));
      }
      return {
        pause: () => controller?.pause(),
        resume: () => controller?.resume(),
        abort() {
          if (finish()) stop();
        },
      };
    },
  };
}
