import type { Document } from 'bson';

const codeNames: Readonly<Record<number, string>> = {
  2: 'BadValue',
  9: 'FailedToParse',
  13: 'Unauthorized',
  14: 'TypeMismatch',
  20: 'IllegalOperation',
  26: 'NamespaceNotFound',
  43: 'CursorNotFound',
  50: 'MaxTimeMSExpired',
  59: 'CommandNotFound',
  67: 'CannotCreateIndex',
  72: 'InvalidOptions',
  85: 'IndexOptionsConflict',
  86: 'IndexKeySpecsConflict',
  91: 'ShutdownInProgress',
  189: 'PrimarySteppedDown',
  238: 'NotImplemented',
  260: 'InvalidResumeToken',
  280: 'ChangeStreamFatalError',
  286: 'ChangeStreamHistoryLost',
  352: 'UnsupportedOpQueryCommand',
  10107: 'NotWritablePrimary',
  11000: 'DuplicateKey',
  11600: 'InterruptedAtShutdown',
  11602: 'InterruptedDueToReplStateChange',
  13435: 'NotPrimaryNoSecondaryOk',
};

/**
 * Codes of errors that the state of the server causes. A driver repeats a write that has a transaction number, and
 * resumes a change stream. The latter also after 43, without a label.
 */
const stateCodes = new Set([91, 189, 10107, 11600, 11602, 13435]);

/** True for an error about the state of the server: its reply names the topology that it belongs to. */
export function isAboutState({ code }: CommandError): boolean {
  return stateCodes.has(code);
}

/** Makes the server respond with `ok: 0`. */
export class CommandError extends Error {
  readonly code: number;
  /** Set by a failpoint that names its labels; the server's own are left out then. */
  readonly labels: readonly string[] | undefined;

  constructor(code: number, message: string, labels?: readonly string[]) {
    super(message);
    this.code = code;
    this.labels = labels;
  }
}

/** A feature of MongoDB that this server does not have: a test must not pass because it is ignored. */
export function notBuilt(what: string): CommandError {
  return new CommandError(238, `the scripted server does not implement ${what}`);
}

/**
 * The reply to a command that failed.
 *
 * @param onChangeStream true for the `aggregate` that opens a change stream and for its `getMore`
 */
export function errorReply(error: CommandError, command: Document, onChangeStream: boolean): Document {
  const labels = [...(error.labels ?? [])];
  if (!error.labels) {
    if (command.txnNumber !== undefined && isAboutState(error)) labels.push('RetryableWriteError');
    if (onChangeStream && isAboutState(error)) labels.push('ResumableChangeStreamError');
  }
  return {
    ok: 0,
    errmsg: error.message,
    code: error.code,
    codeName: codeNames[error.code] ?? `Location${error.code}`,
    ...(labels.length > 0 ? { errorLabels: labels } : {}),
  };
}
