import type { RequestHandler } from 'express';
import { Problem } from './problem.ts';

/** The names that reach this machine only. */
export const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];

const syntax = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/;

/**
 * Admits requests whose Host header names one of `hosts`; others get 421, and a missing or repeated Host header 400.
 *
 * Against DNS rebinding: a page of another site can point its own name to this server's address. The browser then
 * treats this server as that site's origin, and the page could read every response.
 *
 * @param hosts names with any port, such as `datashop.example`, or with one port, such as `datashop.example:8443`
 * @throws Error that names an entry that is not a host
 */
export function allowedHosts(hosts: readonly string[]): RequestHandler {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  for (const host of allowed) {
    if (!syntax.test(host))
      throw new Error(`hosts: expected names such as datashop.example, got ${JSON.stringify(host)}`);
  }
  return (req, _res, next) => {
    const [host, ...more] = req.headersDistinct.host ?? [];
    const match = syntax.exec(host?.toLowerCase() ?? '');
    if (!match || more.length > 0) return next(new Problem(400, 'Host: expected exactly one host name.'));
    const known = allowed.has(match[0]) || allowed.has(match[1] ?? '');
    next(known ? undefined : new Problem(421, 'Host: this server is not configured for this name (ALLOWED_HOSTS).'));
  };
}
