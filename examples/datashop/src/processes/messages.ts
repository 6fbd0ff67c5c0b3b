/** The ports that a child process listens on; missing if it has none. */
export interface Ports {
  port?: number;
  metricsPort?: number;
}

/** Message of a child process to its parent. The parent sends only `'stop'`. */
export type ChildMessage = ({ type: 'ready' } & Ports) | { type: 'failed'; code?: string; message: string };

/** A child process could not start. `code` is its system error code, such as `EADDRINUSE`. */
export class StartError extends Error {
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.name = 'StartError';
    this.code = code;
  }
}
