/** What a child process tells its parent; the parent says only `'stop'`. */
export type ChildMessage = { type: 'ready'; port?: number } | { type: 'failed'; code?: string; message: string };

/** A child that could not start, with its system error code, such as `EADDRINUSE`. */
export class StartError extends Error {
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.name = 'StartError';
    this.code = code;
  }
}
