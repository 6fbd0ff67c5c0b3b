import type { Request } from 'express';

/** What the proxy sends up about itself and its users. */
export interface Identities {
  /** Tokens of the proxy itself, one for each call of the hook; the last one stays. */
  tokens?: string[];
  /** User → tenant. Users are named by the query's `user`; the others have no tenant. */
  tenants?: Record<string, string>;
}

let tokens: string[] = ['first'];
let tenants: Record<string, string> = {};
let calls = 0;

/** The option `upstreamHeaders`. */
export function upstreamHeaders(req: Request): Record<string, string> {
  calls++;
  const authorization = (tokens.length > 1 ? tokens.shift() : tokens[0]) as string;
  const tenant = tenants[String(req.query.user)];
  return { authorization, ...(tenant !== undefined && { 'x-tenant': tenant }) };
}

/** Changes what the hook returns from now on. Returns the number of its calls so far. */
export function identify(changed: Identities): number {
  tokens = changed.tokens ?? tokens;
  tenants = { ...tenants, ...changed.tenants };
  return calls;
}
