import type { ServerResponse } from 'node:http';
import { ResponseSink } from '../response-sink.ts';
import type { ChunkSink, SinkOptions, SinkOwner } from './chunk-sink.ts';
import { socketOf } from './eligibility.ts';
import { SocketSink } from './socket-sink.ts';

/** A sink that bypasses `res.write` if the result is the same, otherwise one that calls it. */
export function createSink(res: ServerResponse, owner: SinkOwner, { fastPath, isShared }: SinkOptions): ChunkSink {
  const socket = fastPath ? socketOf(res) : undefined;
  return socket ? new SocketSink(res, socket, owner, isShared) : new ResponseSink(res, owner);
}
