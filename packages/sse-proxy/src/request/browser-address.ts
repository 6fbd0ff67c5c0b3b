import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { trimHttp } from '../http.ts';

/** What Express adds to a request; absent in other frameworks. */
type MaybeExpress = IncomingMessage & Partial<Pick<Request, 'protocol' | 'ips' | 'app'>>;

/** `http` or `https`, as the browser sees it: Express' `trust proxy` decides; elsewhere the socket does. [R45] */
export function protocolOf(req: MaybeExpress): string {
  if (typeof req.protocol === 'string') return req.protocol;
  return (req.socket as { encrypted?: boolean } | null)?.encrypted ? 'https' : 'http';
}

/** On HTTP/2 the `:authority`, which takes the place of Host; otherwise the Host field. [spec] RFC 9113 §8.3.1 */
export function ownHost(req: IncomingMessage): string | undefined {
  return (req.headers[':authority'] as string | undefined) ?? req.headers.host;
}

/**
 * The host as the browser sees it, with its port: X-Forwarded-Host where Express' `trust proxy` trusts the peer.
 * `req.host` is not used: Express 4 deprecates it, and removes the port from it.
 */
export function publicHost(req: MaybeExpress): string | undefined {
  const claimed = req.headers['x-forwarded-host'];
  if (typeof claimed === 'string' && trustsPeer(req))
    return trimHttp(claimed.split(',', 1)[0] as string) || ownHost(req);
  return ownHost(req);
}

/** Whether Express' `trust proxy` trusts the peer of the connection; false elsewhere. */
export function trustsPeer(req: MaybeExpress): boolean {
  const trust: unknown = typeof req.app?.get === 'function' ? req.app.get('trust proxy fn') : undefined;
  return typeof trust === 'function' && Boolean(trust(req.socket?.remoteAddress, 0));
}

/** The addresses that the request came through, the browser's first, as far as Express' `trust proxy` trusts them. */
export function forwardedFor(req: MaybeExpress): string {
  const trusted = Array.isArray(req.ips) ? req.ips : [];
  return [...trusted, req.socket?.remoteAddress].filter(Boolean).join(', ');
}
