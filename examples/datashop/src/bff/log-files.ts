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
 * `access.log` and `audit.log` in `folder`. Lines are appended, so that several instances can write to them, and a restart
 * keeps what led to it. Only their owner can read them: the access log names users. A server would log to its standard
 * output instead and leave the rest to its platform.
 */
export function logFiles(folder: string, { auditSecret, level, instance }: LogFileOptions): LogFiles {
  const base = instance === undefined ? null : { instance };
  const open = (name: string) => {
    const file = pino.destination({ dest: join(folder, name), append: true, mode: 0o600, sync: false });
    return { log: pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, file), file };
  };
  const [access, audit] = [open('access.log'), open('audit.log')];
  return {
    access: access.log,
    audit: audit.log,
    auditSecret,
    close() {
      for (const { file } of [access, audit]) file.end();
    },
  };
}
