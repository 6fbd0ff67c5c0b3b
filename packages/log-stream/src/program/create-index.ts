import type { LogStore } from '../log-store.ts';
import type { Print } from './journal.ts';

/** Milliseconds until a build that is still running is reported for the first time, and between later reports. */
const firstMs = 1_000;
const everyMs = 60_000;
/** Milliseconds between two attempts while the server can't be reached. */
const retryMs = 1_000;

/** A store whose index can be created. Its figure `indexBuilding` is 1 while it is. */
export interface IndexedStore extends Pick<LogStore, 'health'> {
  ensureIndexes(): Promise<void>;
}

/**
 * Creates the index in the background: logs are served without it too, only more slowly. Prints progress, and when the
 * index is ready. If the server refuses, emits a warning.
 *
 * @param collection for the warning
 * @returns a function that stops the attempts and the reports; closing the store ends a running build
 */
export function createIndex(store: IndexedStore, collection: string, print: Print): () => void {
  const from = performance.now();
  let hasEnded = false;
  const report = (state: string) => print('index', { state, seconds: Math.round((performance.now() - from) / 1_000) });
  let timer: NodeJS.Timeout;
  const reportAfter = (ms: number) => {
    timer = setTimeout(async () => {
      const { figures } = await store.health();
      if (hasEnded) return;
      report(figures.indexBuilding === 1 ? 'building' : 'waiting');
      reportAfter(everyMs);
    }, ms).unref();
  };
  const create = async () => {
    for (;;) {
      try {
        await store.ensureIndexes();
        return hasEnded || report('ready');
      } catch (error) {
        if (hasEnded) return;
        const { code, message } = error as { code?: unknown; message: string };
        // Without a numeric code, the server was not reached or the connection was lost.
        if (typeof code === 'number')
          return process.emitWarning(`${collection}: the index was not created (${message})`);
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
  };
  reportAfter(firstMs);
  const end = () => {
    hasEnded = true;
    clearTimeout(timer);
  };
  void create().finally(end);
  return end;
}
