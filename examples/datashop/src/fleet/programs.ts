import { findExecutable, installCommand, type NeedName } from '../../../../scripts/needs.mjs';

/** The programs of a fleet, and what they are called in the list of what can be installed. */
const programs = { 'redis-server': 'redis', nginx: 'nginx' } as const satisfies Record<string, NeedName>;

export type ProgramName = keyof typeof programs;

/**
 * Paths of the programs that a fleet needs.
 *
 * @throws Error that names those which are missing and the commands that install them
 */
export function findPrograms(): Record<ProgramName, string> {
  const names = Object.keys(programs) as ProgramName[];
  const found = names.map((name) => [name, findExecutable(name)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) {
    const commands = missing.map((name) => installCommand(programs[name]));
    throw new Error(`start:fleet needs ${missing.join(' and ')}: ${commands.join('; ')}`);
  }
  return Object.fromEntries(found) as Record<ProgramName, string>;
}
