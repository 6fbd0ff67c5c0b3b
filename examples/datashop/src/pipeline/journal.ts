import { createLogDocument, type LogInput, type LogLevel, type LogStore } from '@datashop/log-stream';
import type { Workflow } from '../demo.ts';

/** One log of a run. */
export interface Entry {
  level: LogLevel;
  stage: 'EXTRACT' | 'VALIDATE' | 'AGGREGATE' | 'REPORT';
  message: string;
  description?: string;
  durationMs?: number;
}

export type Write = (...entries: Entry[]) => Promise<void>;

/** Returns a function that appends logs of one run of a workflow to the store and resolves when they are stored. */
export function journal(store: LogStore, run: Workflow & Pick<LogInput, 'pipelineID' | 'execID'>): Write {
  return async (...entries) => {
    if (entries.length === 0) return;
    const documents = entries.map(({ level, stage, message, description = '', durationMs = 0 }) =>
      createLogDocument({
        ...run,
        logLevel: level,
        stageName: stage,
        message,
        description,
        // Durations under a millisecond are noise.
        ...(durationMs >= 1 ? { durationMs } : {}),
      }),
    );
    await store.append(documents);
  };
}
