import type { LogDocument } from '@datashop/log-stream';

export type Log = LogDocument;

/** The levels that the log service writes and filters by. */
export const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

export type Level = (typeof logLevels)[number];

/** The groups in which lines are counted, coloured and switched off: the four levels, and every other one. */
export const levelGroups = [...logLevels, 'OTHER'] as const;

export type LevelGroup = (typeof levelGroups)[number];

/** Names that other loggers use for one of the four levels. */
const aliases: ReadonlyMap<string, Level> = new Map([
  ['WARNING', 'WARN'],
  ['FATAL', 'ERROR'],
  ['CRITICAL', 'ERROR'],
]);

export const isLevel = (text: string): text is Level => (logLevels as readonly string[]).includes(text);

/** The group of a level's name in upper or lower case. A name that is not known belongs to `OTHER`. */
export function levelGroup(name: string): LevelGroup {
  const upper = name.trim().toUpperCase();
  return isLevel(upper) ? upper : (aliases.get(upper) ?? 'OTHER');
}
