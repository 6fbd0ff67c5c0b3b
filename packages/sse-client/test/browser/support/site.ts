import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SseProxyHandler, type SseProxyOptions, sseProxy } from '@datashop/sse-proxy';
import express from 'express';
import type { BrowserContext, Page } from 'playwright-core';
import { chromium } from './browser.ts';
import { bundle } from './bundle.ts';
import { Tab } from './tab.ts';
import { Upstream } from './upstream.ts';

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";
const BARE = '<!doctype html><html lang="en"><title>test</title>';
const PAGE = `${BARE}<script type="module" src="/page.js"></script>`;

/**
 * A site under a strict policy and one visitor's browser profile. `/sse` is the upstream behind the real proxy,
 * `/direct` the same upstream without it.
 */
export interface Site {
  readonly origin: string;
  readonly upstream: Upstream;
  readonly proxy: SseProxyHandler;
  readonly context: BrowserContext;
  /** Opens a tab with the client. */
  tab(): Promise<Tab>;
  /** Opens a page under the same policy, without a script. */
  barePage(): Promise<Page>;
  /** Closes everything. Throws if a page violated its policy or had an uncaught error. */
  close(): Promise<void>;
}

export async function site(options: Partial<SseProxyOptions> = {}): Promise<Site> {
  const upstream = new Upstream();
  const source = await listen(createServer(upstream.handle));
  const proxy = sseProxy({ target: `${source.origin}/logs`, resume: false, retryMs: false, ...options });

  const app = express();
  app.get('/', (_req, res) => void res.set('content-security-policy', POLICY).send(PAGE));
  app.get('/bare', (_req, res) => void res.set('content-security-policy', POLICY).send(BARE));
  app.get('/page.js', async (_req, res) => void res.type('js').send(await bundle()));
  app.get('/favicon.ico', (_req, res) => void res.status(204).end());
  app.get('/direct', upstream.handle);
  app.get('/sse', proxy);
  const front = await listen(createServer(app));

  const context = await (await chromium()).newContext();
  // Below the test runner's timeout, so that the error says what is missing. A busy machine needs more than the
  // default.
  context.setDefaultTimeout(100_000);
  const complaints = await listenTo(context);
  return {
    origin: front.origin,
    upstream,
    proxy,
    context,
    async tab() {
      // Fails here with the reason; the page would only lack its script.
      await bundle();
      const page = await context.newPage();
      await page.goto(front.origin);
      return new Tab(page);
    },
    async barePage() {
      const page = await context.newPage();
      await page.goto(`${front.origin}/bare`);
      return page;
    },
    async close() {
      await context.close();
      upstream.close();
      await front.close();
      await proxy.close();
      await source.close();
      if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('; ')}`);
    },
  };
}

/** Violations of the policy and uncaught errors in all pages of the context. */
async function listenTo(context: BrowserContext): Promise<string[]> {
  const complaints: string[] = [];
  await context.exposeFunction('reportViolation', (what: string) => void complaints.push(what));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
      window.reportViolation(`${effectiveDirective} forbade ${blockedURI}`),
    );
  });
  context.on('weberror', (error) => void complaints.push(String(error.error())));
  return complaints;
}

async function listen(server: Server): Promise<{ origin: string; close(): Promise<void> }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
