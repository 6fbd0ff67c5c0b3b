import type { SourceContext, SseEvent } from '@datashop/sse-proxy';
import type { Request } from 'express';
import { followLines } from './lines.ts';

/** Where a pod's log is, and who may read it. */
export interface PodLogOptions {
  /** The origin of the Kubernetes API. */
  readonly api: string;
  /** The token of a service account with the permission to `get` `pods/log`. */
  readonly token: string;
  readonly namespace: string;
  /** The pod that the browser asks for. Check with `authorize` that it may. */
  readonly pod: (req: Request) => string;
}

/**
 * Follows a pod's log, as `kubectl logs --follow --timestamps` does. Kubernetes has no ids. It puts the time, in
 * nanoseconds and always as long, before each line, and can begin at a time: so the id is that time, and the number of
 * the line among those with the same time.
 */
export function podLog({ api, token, namespace, pod }: PodLogOptions) {
  return async (req: Request, { lastEventId, signal }: SourceContext): Promise<AsyncIterable<SseEvent>> => {
    const path = ['api/v1/namespaces', encodeURIComponent(namespace), 'pods', encodeURIComponent(pod(req)), 'log'];
    const url = new URL(path.join('/'), api);
    url.searchParams.set('follow', 'true');
    url.searchParams.set('timestamps', 'true');
    const last = parseId(lastEventId);
    // Inclusive, and in older versions rounded down to the second: what comes again is skipped.
    if (last) url.searchParams.set('sinceTime', last.time);
    return toEvents(await followLines(url, { signal, headers: { authorization: `Bearer ${token}` } }), last);
  };
}

interface Position {
  readonly time: string;
  readonly number: number;
}

function parseId(id: string | undefined): Position | undefined {
  // A browser may send anything as its Last-Event-ID.
  const [, time, number] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)\/(\d{1,9})$/.exec(id ?? '') ?? [];
  return time === undefined ? undefined : { time, number: Number(number) };
}

async function* toEvents(lines: AsyncIterable<string>, last: Position | undefined): AsyncGenerator<SseEvent> {
  let time = '';
  let number = 0;
  for await (const line of lines) {
    const space = line.indexOf(' ');
    const lineTime = line.slice(0, space);
    number = lineTime === time ? number + 1 : 1;
    time = lineTime;
    if (last && (time < last.time || (time === last.time && number <= last.number))) continue;
    yield { id: `${time}/${number}`, data: line.slice(space + 1) };
  }
}
