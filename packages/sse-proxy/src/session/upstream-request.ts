import type { Request } from 'express';
import { checkUpstreamHeaders } from '../config/header-rules.ts';
import type { Config } from '../config/options.ts';
import { addressOf, fillTarget, type TargetTemplate, type UpstreamAddress } from '../config/target.ts';
import { callHook } from '../hooks/call-hook.ts';
import { requestUrl } from '../http.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import { addForwardedQuery } from '../request/forwarded-query.ts';

/** The URL of a browser's upstream request; calls `target` if it is a function. Not for a config with `source`. */
export async function upstreamAddress(config: Config, req: Request, lifetime: Lifetime): Promise<UpstreamAddress> {
  const { target, hookTimeoutMs } = config;
  const address =
    typeof target === 'function'
      ? addressOf(await callHook('target', () => target(req), lifetime, hookTimeoutMs))
      : fillTarget(target as TargetTemplate, req.params);
  return addForwardedQuery(address, requestUrl(req), config.forwardQuery);
}

/** The header fields that `upstreamHeaders` adds; calls it if it is a function. */
export async function addedHeaders(config: Config, req: Request, lifetime: Lifetime): Promise<Record<string, string>> {
  const { upstreamHeaders: hook, hookTimeoutMs } = config;
  if (typeof hook !== 'function') return hook;
  const result = await callHook('upstreamHeaders', () => hook(req), lifetime, hookTimeoutMs);
  return checkUpstreamHeaders('upstreamHeaders()', result);
}
