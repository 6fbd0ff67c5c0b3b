import type { Config } from '../config/options.ts';
import type { SseProxyError } from '../errors.ts';
import type { FeedListener, Gap } from '../feed/feed-parts.ts';
import { type HookContext, notify } from '../hooks/observers.ts';
import type { Warnings } from '../hooks/warnings.ts';
import type { StreamIdentity } from './stream-identity.ts';

/** What {@link FeedReports} need from their middleware. */
export interface ReportContext {
  readonly config: Pick<Config, 'observers'>;
  readonly warnings: Warnings | undefined;
}

/** Reports to the observers what happens to a feed: of one stream, or a shared one. */
export class FeedReports implements FeedListener {
  readonly #context: ReportContext;
  readonly route: string;
  readonly #identity: StreamIdentity | undefined;

  /** `identity`: of the stream, if there is only one. */
  constructor(context: ReportContext, route: string, identity?: StreamIdentity) {
    this.#context = context;
    this.route = route;
    this.#identity = identity;
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
    notify(observers, name, { route: this.route, stream: this.#identity?.info, ...context } as HookContext<Name>);
  }
}
