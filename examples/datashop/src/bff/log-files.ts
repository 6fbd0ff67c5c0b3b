import { join } from 'node:path';
import pino from 'pino';
import type { StreamLogs } from '../observe.ts';

export interface LogFiles extends StreamLogs {
  /** Writes what is still buffered. */
  close(): void;
}

/**
 * `access.log` and `audit.log` in `folder`, begun anew with each run. Only their owner can read them: the access log names
 * users. A server would log to its standard output instead and leave the rest to its platform.
 */
export function logFiles(folder: string, auditSecret: string | undefined, level: 'info' | 'debug'): LogFiles {
  const open = (name: string) => {
    const file = pino.destination({ dest: join(folder, name), append: false, mode: 0o600, sync: false });
    return { log: pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, file), file };
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
