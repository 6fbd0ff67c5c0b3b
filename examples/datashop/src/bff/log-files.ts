import { join } from 'node:path';
import pino from 'pino';
import type { StreamLogs } from '../observe.ts';

export interface LogFiles extends StreamLogs {
  /** Writes what is still buffered. */
  close(): void;
}

export interface LogFileOptions {
  /** Key of the hashes in the audit log. @defaultValue a new one for each run */
  auditSecret?: string | undefined;
  level: 'info' | 'debug';
  /** Named in each line, where several instances write to the same files. @defaultValue none */
  instance?: string | undefined;
}

/**
 * `access.log` and `audit.log` in `folder`. Lines are appended, so that several instances can write to them, and a
 * restart keeps what led to it. Only their owner can read them: the access log names users. Without `folder`, as in a
 * container, the lines go to the standard output, and `log` in each of them says `access` or `audit`.
 */
export function logFiles(folder: string | undefined, { auditSecret, level, instance }: LogFileOptions): LogFiles {
  const named = instance === undefined ? {} : { instance };
  const output = folder === undefined ? pino.destination({ dest: 1, sync: false }) : undefined;
  const open = (log: 'access' | 'audit') => {
    const file =
      output ?? pino.destination({ dest: join(folder ?? '', `${log}.log`), append: true, mode: 0o600, sync: false });
    const base = output ? { log, ...named } : named;
    return { log: pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, file), file };
  };
  const [access, audit] = [open('access'), open('audit')];
  return {
    access: access.log,
    audit: audit.log,
    auditSecret,
    close() {
      for (const file of new Set([access.file, audit.file])) file.end();
    },
  };
}
