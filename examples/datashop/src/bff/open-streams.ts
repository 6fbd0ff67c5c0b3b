import type { RequestHandler, Response } from 'express';

/** The open streams of each session, so that a sign-out ends them at once. */
export class OpenStreams {
  readonly #bySession = new Map<string, Set<Response>>();

  /**
   * Middleware: registers the response as a stream of its session until it closes. Put it before the stream's route.
   */
  readonly watch: RequestHandler = ({ sessionID }, res, next) => {
    const streams = this.#bySession.get(sessionID) ?? new Set();
    this.#bySession.set(sessionID, streams.add(res));
    res.once('close', () => {
      streams.delete(res);
      if (streams.size === 0 && this.#bySession.get(sessionID) === streams) this.#bySession.delete(sessionID);
    });
    next();
  };

  /** Cuts the session's streams. A browser that reconnects is authorized again. */
  readonly end = (sessionID: string): void => {
    for (const stream of this.#bySession.get(sessionID) ?? []) stream.destroy();
  };
}
