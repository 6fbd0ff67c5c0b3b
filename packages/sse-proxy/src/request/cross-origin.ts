import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../config/options.ts';
import { onRejection, writeHead } from '../hooks/wrapped-response.ts';
import { addVary } from '../http.ts';

/** Fields that a fetch-based reader sets, besides those that the route forwards. [R14] */
const readerHeaders = ['last-event-id', 'authorization', 'cache-control', 'content-type'];
const preflightMaxAgeSeconds = 600;
/** For a wrapper that fails after it has sent the response: the failure concerns only the wrapper. */
const ignore = () => {};

type CorsConfig = Pick<Config, 'allowOrigins' | 'forwardHeaders' | 'responseHeaders'>;

/**
 * Sets the CORS fields for an origin of `allowOrigins`; also for refusals, which the page could not read otherwise.
 * Returns true if the request was a preflight; then its response has been sent. [spec] Fetch, "CORS protocol"
 */
export function allowCrossOrigin(req: IncomingMessage, res: ServerResponse, config: CorsConfig): boolean {
  const { allowOrigins, forwardHeaders, responseHeaders } = config;
  if (allowOrigins.length === 0) return false;
  addVary(res, 'Origin');
  const { origin } = req.headers;
  if (origin === undefined || !allowOrigins.includes(origin)) return false;
  res.setHeader('Access-Control-Allow-Origin', origin);
  res.setHeader('Access-Control-Allow-Credentials', 'true');
  if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) {
    if (responseHeaders.length > 0) res.setHeader('Access-Control-Expose-Headers', responseHeaders.join(', '));
    return false;
  }
  res.setHeader('Access-Control-Allow-Methods', 'GET, HEAD');
  res.setHeader('Access-Control-Allow-Headers', [...new Set([...readerHeaders, ...forwardHeaders])].join(', '));
  res.setHeader('Access-Control-Max-Age', String(preflightMaxAgeSeconds));
  writeHead(res, 204, {}, ignore);
  onRejection(res.end(), ignore);
  return true;
}
