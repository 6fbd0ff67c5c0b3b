import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onOrphaned } from './processes/orphan.ts';
import { Supervisor } from './processes/supervisor.ts';

/** Milliseconds: npm repeats the terminal's SIGINT, so only a signal later than this is a second Ctrl-C. */
const repeatedSignalMs = 500;

/** Holds the logs and the reports, which only their owner may read. */
const ownData = fileURLToPath(new URL('../.data/', import.meta.url));

export interface Launch {
  readonly supervisor: Supervisor;
  /** Folder of everything that is kept. */
  readonly data: string;
  /** Environment of every process that reads or writes logs. */
  readonly log: { DATASHOP_DATA: string; LOG_STORE: string };
  /** Bearer token that the log service expects. */
  readonly token: string;
}

/** Runs `start`, and stops everything that it started at Ctrl-C, SIGTERM, the end of npm, or a failure. */
export function launch(start: (launch: Launch) => Promise<void>): void {
  const supervisor = new Supervisor({
    print: (line) => console.error(line),
    lost: (line) => void end(1, line),
  });
  let ending: number | undefined;
  async function end(code: number, line?: string): Promise<void> {
    if (ending !== undefined) return;
    ending = performance.now();
    if (line) console.error(line);
    await supervisor.stop();
    process.exit(code);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (ending !== undefined && performance.now() - ending > repeatedSignalMs) supervisor.kill();
      void end(0);
    });
  }
  onOrphaned(() => void end(0));
  prepare(supervisor)
    .then(start)
    .catch((error: Error) => end(1, error.message));
}

async function prepare(supervisor: Supervisor): Promise<Launch> {
  const data = process.env.DATASHOP_DATA || ownData;
  await mkdir(data, { recursive: true, mode: 0o700 });
  // The mode of a folder that the user chose is the user's.
  if (data === ownData) await chmod(data, 0o700);
  const log = { DATASHOP_DATA: data, LOG_STORE: join(data, 'logs.sqlite') };
  // A new one for each run, passed by environment: no secret in the repository, on disk or in a process list.
  const token = process.env.UPSTREAM_TOKEN || randomBytes(32).toString('base64url');
  return { supervisor, data, log, token };
}
