import type { LogDocument } from '@datashop/log-stream';

export type Log = LogDocument;

export const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

export type Level = (typeof LEVELS)[number];

export const isLevel = (text: string): text is Level => (LEVELS as readonly string[]).includes(text);
