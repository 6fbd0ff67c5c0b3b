import type { Config } from '../config/options.ts';
import type { SseProxyError } from '../errors.ts';
import type { FeedListener, Gap } from '../feed/feed-parts.ts';
import { type HookContext, notify } from '../hooks/observers.ts';
import type { Warnings } from '../hooks/warnings.ts';
import { type RunInContext, runInRootContext } from '../lifecycle/async-context.ts';
import type { StreamIdentity } from './stream-identity.ts';

/** The stream that reports are about. */
export interface ReportedStream {
  readonly identity: StreamIdentity;
  /** Calls the observers in the context of the browser's request. */
  readonly run: RunInContext;
}

/** What {@link FeedReports} need from their middleware. */
export interface ReportContext {
  readonly config: Pick<Config, 'observers'>;
  readonly warnings: Warnings | undefined;
}

/**
 * Reports to the observers what happens to a feed: with its stream if it concerns only one, without a stream if all
 * browsers of a shared feed are concerned.
 */
export class FeedReports implements FeedListener {
  readonly #context: ReportContext;
  readonly route: string;
  readonly #stream: ReportedStream | undefined;

  /** `stream`: undefined if the reports concern all browsers of a shared feed. */
  constructor(context: ReportContext, route: string, stream?: ReportedStream) {
    this.#context = context;
    this.route = route;
    this.#stream = stream;
  }

  onUpstreamLost(error: SseProxyError, attempts: number, browsers: number): void {
    this.#context.warnings?.report(this.route, 'lost the upstream', error);
    this.#notify('onUpstreamLost', { error, attempts, browsers });
  }

  onResume(attempts: number, outageMs: number, browsers: number): void {
    this.#notify('onResume', { attempts, outageMs, browsers });
  }

  onGap({ reason }: Gap, browsers: number): void {
    this.#notify('onGap', { reason, browsers });
  }

  #notify<Name extends 'onUpstreamLost' | 'onResume' | 'onGap'>(
    name: Name,
    context: Omit<HookContext<Name>, 'route' | 'stream'>,
  ): void {
    const { observers } = this.#context.config;
    if (observers.length === 0) return;
    const { identity, run = runInRootContext } = this.#stream ?? {};
    const report = { route: this.route, stream: identity?.info, ...context } as HookContext<Name>;
    run(() => notify(observers, name, report));
  }
}
