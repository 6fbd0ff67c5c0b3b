import type { Request } from 'express';
import type { Config } from '../config/options.ts';
import { printable, SseProxyError } from '../errors.ts';
import { badHookResult, callHook } from '../hooks/call-hook.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import type { AuthorizedUser, StreamInfo } from '../types.ts';
import { acceptsEventStream } from './accept.ts';
import { ownHost, protocolOf, publicHost } from './browser-address.ts';
import { noFields, readFields } from './stream-fields.ts';

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

/** Who requests a stream, and what the stream is about, as `authorize` returned it. */
export type Authorization = Pick<StreamInfo, 'key' | 'fields'> & { readonly isAllowed: boolean };

const anonymous = { key: undefined, fields: noFields };
const everybody: Authorization = { ...anonymous, isAllowed: true };
const nobody: Authorization = { ...anonymous, isAllowed: false };

/** Calls `authorize`. @throws SseProxyError if it fails, or returns a value that its type does not allow */
export async function authorize(req: Request, config: Config, lifetime: Lifetime): Promise<Authorization> {
  const hook = config.authorize;
  if (!hook) return everybody;
  const result = await callHook('authorize', () => hook(req), lifetime, config.hookTimeoutMs);
  if (result === true) return everybody;
  if (result === false) return nobody;
  const user: Partial<AuthorizedUser> = Object(result);
  // `allowed: undefined` does not count as allowed: a check that forgets to return must not open a stream.
  const isAllowed = 'allowed' in user ? user.allowed : true;
  const { key } = user;
  if (typeof key !== 'string' || key === '' || typeof isAllowed !== 'boolean')
    throw badHookResult('authorize', 'true, false or { key: string, fields?: object, allowed?: boolean }', result);
  return { key, fields: readFields(user.fields), isAllowed };
}

/** @throws SseProxyError `ERR_SSE_FORBIDDEN` */
export function demandAllowed({ isAllowed }: Authorization): void {
  if (!isAllowed) throw new SseProxyError('ERR_SSE_FORBIDDEN', { message: 'authorize did not allow the stream' });
}
