import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from './errors.ts';
import type { Call } from './server-state.ts';

/** Awaits `ms`, or as long as the command may take: then throws 50. */
export async function block(ms: number, { command, signal }: Call): Promise<void> {
  const allowed = command.getMore === undefined ? (command.maxTimeMS ?? 0) : 0;
  const cut = allowed > 0 && allowed < ms;
  await delay(cut ? allowed : ms, undefined, { signal }).catch(() => {});
  if (cut) throw new CommandError(50, 'operation exceeded time limit');
}
