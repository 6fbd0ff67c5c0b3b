import type { Request } from 'express';
import type { Config } from '../config/options.ts';
import { printable, SseProxyError } from '../errors.ts';
import { badHookResult, callHook } from '../hooks/call-hook.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import { acceptsEventStream } from './accept.ts';
import { ownHost, protocolOf, publicHost } from './browser-address.ts';

/** Checks method, Accept and origin, before any hook is called. @throws SseProxyError */
export function checkRequest(req: Request, config: Pick<Config, 'allowOrigins'>): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    throw new SseProxyError('ERR_SSE_METHOD', { message: `expected GET or HEAD, got ${printable(req.method)}` });
  }
  if (!acceptsEventStream(req.headers.accept)) {
    throw new SseProxyError('ERR_SSE_NOT_ACCEPTABLE', { message: 'Accept excludes text/event-stream' });
  }
  checkOrigin(req, config.allowOrigins);
}

/** [R55] [spec] Fetch Metadata; RFC 6454. A same-origin EventSource sends no Origin, so it is never required. */
function checkOrigin(req: Request, allowed: readonly string[]): void {
  const { origin } = req.headers;
  if (origin !== undefined && allowed.includes(origin)) return;
  const site = req.headers['sec-fetch-site'];
  // Node joins repeated fields: any of them counts.
  if (site !== undefined && /\b(?:cross|same)-site\b/i.test(String(site))) {
    throw new SseProxyError('ERR_SSE_CROSS_SITE', { message: 'Sec-Fetch-Site is cross-site or same-site' });
  }
  if (origin === undefined) return;
  // Behind a proxy that ends TLS, the protocol is right only if Express' `trust proxy` is set.
  const protocol = protocolOf(req);
  const own = originOf(protocol, publicHost(req));
  if (origin === own || origin === originOf(protocol, ownHost(req))) return;
  const message = `Origin is not ours (${printable(own ?? 'no Host')}) and not in allowOrigins`;
  throw new SseProxyError('ERR_SSE_CROSS_SITE', { message });
}

/** The origin of a host; undefined without one, as on HTTP/1.0. Some proxies write the default port into Host. */
function originOf(protocol: string, host: string | undefined): string | undefined {
  return host && `${protocol}://${host.replace(protocol === 'https' ? /:443$/ : /:80$/, '')}`;
}

/** Calls `authorize`; returns the key, if there is one. @throws SseProxyError `ERR_SSE_FORBIDDEN` for `false` */
export async function authorize(req: Request, config: Config, lifetime: Lifetime): Promise<string | undefined> {
  const hook = config.authorize;
  if (!hook) return undefined;
  const result = await callHook('authorize', () => hook(req), lifetime, config.hookTimeoutMs);
  if (result === true) return undefined;
  if (result === false) throw new SseProxyError('ERR_SSE_FORBIDDEN', { message: 'authorize returned false' });
  if (typeof result?.key === 'string' && result.key !== '') return result.key;
  throw badHookResult('authorize', 'true, false or { key: string }', result);
}
