import { once } from 'node:events';
import http from 'node:http';
import { duplexPair } from 'node:stream';

/** How a chunked body ended: as complete, as an error, or neither, because more bytes were expected. */
export type Outcome = 'complete' | 'error' | 'incomplete';

/** What a reader made of a chunked body: the bytes that it delivered, as latin1, and how the body ended. */
export interface Reading {
  readonly body: string;
  readonly outcome: Outcome;
}

/** Feeds `pieces` as the chunked body of a response to Node's own parser (llhttp), one read for each piece. */
export async function llhttpReads(pieces: readonly Buffer[]): Promise<Reading> {
  const [socket, peer] = duplexPair();
  const parts: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const request = http.request({ createConnection: () => socket as never });
  const onError = (error: NodeJS.ErrnoException) => resolve(error.code?.startsWith('HPE_') ? 'error' : 'incomplete');
  request.on('error', onError);
  request.on('response', (response) => {
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => resolve('complete'));
    // A parser error is emitted as the request's 'error' right after the response's 'aborted'.
    response.on('error', (error: NodeJS.ErrnoException) => setImmediate(onError, error));
  });
  request.end();
  peer.on('error', () => {});
  await once(peer, 'data');
  peer.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const piece of pieces) {
    await new Promise(setImmediate);
    if (piece.length > 0 && !peer.destroyed) peer.write(piece);
  }
  await new Promise(setImmediate);
  peer.end();
  const outcome = await promise;
  socket.destroy();
  return { body: Buffer.concat(parts).toString('latin1'), outcome };
}
