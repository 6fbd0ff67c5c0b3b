import { setTimeout as delay } from 'node:timers/promises';
import type { SourceContext, SseEvent } from '@datashop/sse-proxy';
import { gap } from './gap.ts';
import { LogFile } from './log-file.ts';

/** How often a file is looked at, in milliseconds. */
const pollMs = 100;

/**
 * Follows a file that grows, as `tail -F` does: also when it is rotated (`path` becomes `path.1`, and a new file takes
 * its name) or truncated. An id is the file's identity and the offset behind the line, so that a browser which returns
 * after a rotation first gets the rest of `path.1`. If its file is gone, it gets a gap, then the current file from the
 * beginning.
 */
export function tailFile(path: string) {
  return async function* events(
    _req: unknown,
    { lastEventId, signal }: SourceContext,
  ): AsyncGenerator<SseEvent, void, undefined> {
    let file = lastEventId === undefined ? undefined : await LogFile.openAt(lastEventId, [path, `${path}.1`]);
    if (lastEventId !== undefined && !file) yield gap('unknown-id');
    try {
      while (!signal.aborted) {
        file ??= await LogFile.open(path);
        if (file) yield* file.lines();
        await delay(pollMs, undefined, { signal });
        if (!file) continue;
        const next = await file.successor(path);
        if (next) {
          try {
            // The writer may have written to the old file until it noticed the rotation.
            yield* file.lines();
            yield* file.lastLine();
          } finally {
            await file.close();
            file = next;
          }
        } else if (await file.isTruncated()) {
          yield gap('ids-restarted');
          await file.close();
          file = undefined;
        }
      }
    } finally {
      await file?.close();
    }
  };
}
