import type { Request } from 'express';
import { checkUpstreamHeaders } from '../config/header-rules.ts';
import type { Config } from '../config/options.ts';
import { addressOf, fillTarget, type UpstreamAddress } from '../config/target.ts';
import { DedicatedSubscription } from '../feed/dedicated-subscription.ts';
import type { Subscription } from '../feed/subscription.ts';
import { badHookResult, callHook } from '../hooks/call-hook.ts';
import { requestUrl } from '../http.ts';
import { Lifetime, StreamEnded } from '../lifecycle/lifetime.ts';
import { addForwardedQuery } from '../request/forwarded-query.ts';
import { toUpstreamHeaders, type UpstreamFields } from '../request/upstream-headers.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { StreamSession } from './stream-session.ts';

/** The stream's own feed, or its place in a shared one. */
export async function subscribe(context: ProxyContext, stream: StreamSession, cursor: string): Promise<Subscription> {
  const { config, upstream, idleHeartbeat, registry } = context;
  const { req, lifetime } = stream;
  const address = await upstreamAddress(config, req, lifetime);
  const request = { address, ...(await upstreamHeaders(config, req, lifetime)) };
  context.lateRefusals.check(request);
  stream.upstreamRequest = request;
  const feedListener = context.feedListener(stream.route);
  if (lifetime.ended) throw new StreamEnded();
  if (!registry || !config.share) {
    stream.holdUpstream(context.upstreamPermits.acquire());
    const prepare = async () => ({ address, ...(await upstreamHeaders(config, req, lifetime)) });
    const parts = { upstream, heartbeat: idleHeartbeat, config, cursor, prepare, feedListener, assignIds: false };
    return new DedicatedSubscription(parts, request, Boolean(config.transform));
  }
  const { key: shareKey } = config.share;
  const key = shareKey && (await callHook('share.key', () => shareKey(req), lifetime, config.hookTimeoutMs));
  if (shareKey && (typeof key !== 'string' || key === ''))
    throw badHookResult('share.key', 'a string that is not empty', key);
  // The feed may outlive the browser that opened it, whose request goes on standing for all of them.
  const ofFeed = new Lifetime();
  const prepare = async () => ({ address, ...(await upstreamHeaders(config, req, ofFeed)) });
  if (lifetime.ended) throw new StreamEnded();
  return registry.join({ request, cursor, key, feedListener, prepare });
}

/** Where the events come from. */
async function upstreamAddress(config: Config, req: Request, lifetime: Lifetime): Promise<UpstreamAddress> {
  const { target, hookTimeoutMs } = config;
  const address =
    typeof target === 'function'
      ? addressOf(await callHook('target', () => target(req), lifetime, hookTimeoutMs))
      : fillTarget(target, req.params);
  return addForwardedQuery(address, requestUrl(req), config.forwardQuery);
}

/** What the upstream is told, Last-Event-ID aside. Asked again at every connect. */
async function upstreamHeaders(config: Config, req: Request, lifetime: Lifetime): Promise<UpstreamFields> {
  const { upstreamHeaders: hook, hookTimeoutMs } = config;
  if (typeof hook !== 'function') return toUpstreamHeaders(req, config, hook);
  const given = await callHook('upstreamHeaders', () => hook(req), lifetime, hookTimeoutMs);
  return toUpstreamHeaders(req, config, checkUpstreamHeaders('upstreamHeaders()', given));
}
