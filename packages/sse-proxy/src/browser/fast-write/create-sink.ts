import type { ServerResponse } from 'node:http';
import { ResponseSink } from '../response-sink.ts';
import type { ChunkSink, SinkOptions, SinkOwner } from './chunk-sink.ts';
import { socketOf } from './eligibility.ts';
import { SocketSink } from './socket-sink.ts';

/** Chooses the way to the browser: past `res.write` where nobody can tell the difference, otherwise through it. */
export function createSink(res: ServerResponse, owner: SinkOwner, { fastPath, isShared }: SinkOptions): ChunkSink {
  const socket = fastPath ? socketOf(res) : undefined;
  return socket ? new SocketSink(res, socket, owner, isShared) : new ResponseSink(res, owner);
}
