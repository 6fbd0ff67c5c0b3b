import type { Express } from 'express';
import type { SseProxyOptions } from '../../src/types.ts';
import { type ProxyApp, proxyApp } from './app.ts';
import { browse, type RawBrowser } from './browser.ts';
import { cleaner } from './until.ts';
import { type RawUpstream, rawUpstream, type UpstreamRequestSeen } from './upstream.ts';

/** An upstream, the proxy in front of it, and a browser whose stream is open. */
export interface Opened {
  readonly upstream: RawUpstream;
  readonly app: ProxyApp;
  readonly browser: RawBrowser;
  readonly request: UpstreamRequestSeen;
}

/**
 * Starts upstreams, proxies and browsers, and closes them. Call `clean` in `afterEach`. Resume is off unless `defaults`
 * say otherwise, so that the end of an upstream reaches the browser at once.
 */
export function stage(defaults: Partial<SseProxyOptions> = { resume: false }) {
  const { add, clean } = cleaner();

  const upstream = async (answer?: (request: UpstreamRequestSeen) => void) =>
    add(await rawUpstream(answer), (it) => it.close());

  const app = async (options: SseProxyOptions, mount?: { path?: string; before?: (app: Express) => void }) =>
    add(await proxyApp({ ...defaults, ...options }, mount), (it) => it.close());

  const visit = (port: number, path?: string, extra?: Record<string, string | null>) =>
    add(browse(port, path, extra), (it) => it.leave());

  /** Without a first `retry:` line unless `options` ask for it, so that a body is the events and nothing else. */
  const opened = async (options: Partial<SseProxyOptions> = {}): Promise<Opened> => {
    const up = await upstream();
    const proxied = await app({ target: up.url, retryMs: false, ...options });
    const browser = visit(proxied.port);
    const request = await up.request();
    request.begin();
    await browser.opened();
    return { upstream: up, app: proxied, browser, request };
  };

  return { add, clean, upstream, app, visit, opened };
}

/** How many heartbeats a body holds. */
export function heartbeats(body: string): number {
  return [...body.matchAll(/^:\n/gm)].length;
}
