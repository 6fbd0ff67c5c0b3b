import { hash } from 'node:crypto';
import type { SseProxyError } from '../errors.ts';
import { type HookContext, notify } from '../hooks/observers.ts';
import type { SpanReference } from '../types.ts';
import { FeedReports, type ReportContext, type ReportedStream } from './feed-reports.ts';

type StreamHook = 'onOpen' | 'onFirstEvent' | 'onEvent' | 'onClose' | 'onRefuse' | 'onEvict' | 'onError';

/**
 * Reports what happens to one stream. This includes what happens to its feed in dedicated mode, and the gaps of a
 * shared feed that only this stream gets.
 */
export class StreamReports extends FeedReports {
  readonly #context: ReportContext;
  readonly #stream: ReportedStream;

  constructor(context: ReportContext, stream: ReportedStream) {
    super(context, stream.identity.route, stream);
    this.#context = context;
    this.#stream = stream;
  }

  notify<Hook extends StreamHook>(hook: Hook, context: Omit<HookContext<Hook>, 'stream'>): void {
    const { observers } = this.#context.config;
    if (observers.length === 0) return;
    const { identity, run } = this.#stream;
    run(() => notify(observers, hook, { stream: identity.info, ...context } as HookContext<Hook>));
  }

  /**
   * `lastEventId`: the browser's Last-Event-ID; empty if it sent none. `sharedSpan` is called only if there are
   * observers.
   */
  onOpen(waitedMs: number, early: boolean, lastEventId: string, sharedSpan: () => SpanReference | undefined): void {
    if (this.#context.config.observers.length === 0) return;
    this.notify('onOpen', { waitedMs, early, lastEventIdHash: hashOf(lastEventId), sharedSpan: sharedSpan() });
  }

  onError(what: 'ended' | 'refused', error: SseProxyError): void {
    this.#context.warnings?.report(this.route, `${what} a stream`, error);
    this.notify('onError', { error });
  }
}

function hashOf(id: string): string | undefined {
  return id === '' ? undefined : hash('sha256', Buffer.from(id, 'latin1'), 'hex').slice(0, 16);
}
