import type { RequestHandler, Response } from 'express';

/** The streams that are open, by session, so that a sign-out ends them at once. */
export class OpenStreams {
  readonly #bySession = new Map<string, Set<Response>>();

  /** Stands before the stream's route. */
  readonly watch: RequestHandler = ({ sessionID }, res, next) => {
    const streams = this.#bySession.get(sessionID) ?? new Set();
    this.#bySession.set(sessionID, streams.add(res));
    res.once('close', () => {
      streams.delete(res);
      if (streams.size === 0 && this.#bySession.get(sessionID) === streams) this.#bySession.delete(sessionID);
    });
    next();
  };

  /** Cuts the session's streams. Whoever comes back is asked who they are. */
  readonly end = (sessionID: string): void => {
    for (const stream of this.#bySession.get(sessionID) ?? []) stream.destroy();
  };
}
