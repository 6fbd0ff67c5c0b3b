import type { Config } from '../config/options.ts';
import { DedicatedSubscription } from '../feed/dedicated-subscription.ts';
import type { Subscription } from '../feed/subscription.ts';
import { StreamEnded } from '../lifecycle/lifetime.ts';
import { toUpstreamHeaders } from '../request/upstream-headers.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import type { ProxyContext } from './proxy-context.ts';
import { SourceRequests, sourceRequest } from './source-requests.ts';
import type { StreamSession } from './stream-session.ts';
import { TargetRequests } from './target-requests.ts';
import { addedHeaders, upstreamAddress } from './upstream-request.ts';

/**
 * Subscribes a stream to a feed of its own, or to a shared one.
 *
 * @throws SseProxyError if a hook fails or `limits.upstreams` is reached
 * @throws StreamEnded if the browser leaves while a hook is pending
 */
export async function subscribe(context: ProxyContext, stream: StreamSession, cursor: string): Promise<Subscription> {
  const { config, upstream, idleTicker, registry } = context;
  const { lifetime } = stream;
  if (registry && config.share) {
    const Requests = config.source ? SourceRequests : TargetRequests;
    const requests = new Requests(config, config.share, stream);
    const made = await requests.build();
    stream.upstreamRequest = withCursor(made.request, cursor);
    context.lateRefusals.check(stream.upstreamRequest);
    if (lifetime.ended) throw new StreamEnded();
    const feedListener = context.feedListener(stream.identity.route);
    const streamListener = stream.reports;
    const builder = requests.isDynamic ? requests : undefined;
    return registry.join({ made, builder, cursor, feedListener, streamListener });
  }
  const prepare = await requestFactory(config, stream);
  const request = await prepare();
  stream.upstreamRequest = withCursor(request, cursor);
  context.lateRefusals.check(stream.upstreamRequest);
  if (lifetime.ended) throw new StreamEnded();
  stream.holdings.addUpstreamPermit(context.upstreamPermits.acquire());
  const feedListener = stream.reports;
  const parts = { upstream, ticker: idleTicker, config, cursor, prepare, feedListener, assignIds: false };
  return new DedicatedSubscription(parts, request, Boolean(config.transform));
}

/** Makes the request of a first connect, and of each resume. */
async function requestFactory(
  config: Config,
  { req, lifetime, run }: StreamSession,
): Promise<() => Promise<UpstreamRequest>> {
  if (config.source) return async () => ({ ...sourceRequest(req), run });
  const address = await upstreamAddress(config, req, lifetime);
  return async () => {
    const added = await run(() => addedHeaders(config, req, lifetime));
    return { address, ...toUpstreamHeaders(req, config, added), run };
  };
}

function withCursor(request: UpstreamRequest, cursor: string): UpstreamRequest {
  return cursor === '' ? request : { ...request, headers: [...request.headers, 'last-event-id', cursor] };
}
