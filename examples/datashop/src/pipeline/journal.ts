import { createLogDocument, type LogInput, type LogLevel, type LogStore } from '@datashop/log-stream';
import { WORKFLOW, WORKSPACE } from '../demo.ts';

/** One line of a run, as the stages see it. */
export interface Entry {
  level: LogLevel;
  stage: 'EXTRACT' | 'VALIDATE' | 'AGGREGATE' | 'REPORT';
  message: string;
  description?: string;
  durationMs?: number;
}

export type Write = (...entries: Entry[]) => Promise<void>;

/** Writes what one run has to say to the log store. Resolves when it is stored, so that nothing said is ever lost. */
export function journal(store: LogStore, run: Pick<LogInput, 'pipelineID' | 'execID'>): Write {
  return async (...entries) => {
    if (entries.length === 0) return;
    const documents = entries.map(({ level, stage, message, description = '', durationMs = 0 }) =>
      createLogDocument({
        ...run,
        workspaceID: WORKSPACE,
        workflowID: WORKFLOW,
        logLevel: level,
        stageName: stage,
        message,
        description,
        // Below a millisecond a clock tells more about itself than about the work.
        ...(durationMs >= 1 ? { durationMs } : {}),
      }),
    );
    await store.append(documents);
  };
}
