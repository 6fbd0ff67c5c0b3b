import type { LogDocument } from '@datashop/log-stream';

export type Log = LogDocument;

export const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

export type Level = (typeof logLevels)[number];

export const isLevel = (text: string): text is Level => (logLevels as readonly string[]).includes(text);
