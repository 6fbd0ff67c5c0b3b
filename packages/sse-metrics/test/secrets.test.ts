import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { SseProxyOptions } from '../../sse-proxy/src/types.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import type { UpstreamRequestSeen } from '../../sse-proxy/test/support/upstream.ts';
import { accessLog, adminPage, auditLog, sseMetrics } from '../src/index.ts';

/** Every place of a request that can carry a secret. */
const fields = {
  Authorization: 'Bearer s3cret-token',
  Cookie: 'session=s3cret-cookie',
  'Last-Event-ID': 's3cret-id',
  'X-Request-Id': 's3cret-request',
  Referer: 'http://a/?s3cret',
  'User-Agent': 's3cret',
};
const path = '/sse/:workflowId/:token';

const throwing = () => {
  throw Object.assign(new Error('s3cret'), { code: 'S3CRET s3cret', cause: new Error('s3cret') });
};

interface Scene {
  options?: Partial<SseProxyOptions>;
  upstream?: (request: UpstreamRequestSeen) => void;
  /** The upstream breaks once the browser has its event. */
  breaks?: boolean;
  /** The logger's level. */
  level?: 'debug';
}

const scenes: Record<string, Scene> = {
  'a stream whose events and ids are secret': {},
  'a stream whose events are logged at debug level': { level: 'debug' },
  'an upstream that breaks with secret bytes': { breaks: true },
  'an upstream that refuses with a secret status text, field and body': {
    upstream: (request) => request.raw('HTTP/1.1 403 s3cret\r\nX-S: s3cret\r\nContent-Length: 6\r\n\r\ns3cret'),
  },
  'an upstream that redirects to a secret query': {
    upstream: (request) => request.raw('HTTP/1.1 302 s3cret\r\nLocation: /?s3cret\r\nContent-Length: 0\r\n\r\n'),
  },
  'an upstream that breaks the protocol': { upstream: (request) => request.raw('s3cret s3cret\r\n\r\n') },
  'an upstream that can’t be reached, with a secret in its query': {
    options: { target: 'http://127.0.0.1:1/?s3cret' },
  },
  'a hook that fails with a secret error': { options: { authorize: throwing } },
  'headers from a hook that are no header values': {
    options: { upstreamHeaders: () => ({ 'x-token': 's3cret\r\nx: y' }) },
  },
  'a limit rule whose key is secret': {
    options: { limits: { rules: [{ name: 'token', key: () => 's3cret', max: 1 }] } },
  },
  'a transform that fails with the event’s data': {
    options: {
      transform: ({ data }) => {
        throw new Error(data);
      },
    },
  },
};

describe('planted secrets', () => {
  const { add, clean, upstream, app, visit } = stage({ resume: { minDelayMs: 5, maxDelayMs: 10 } });
  afterEach(clean);

  for (const [title, scene] of Object.entries(scenes)) {
    for (const share of [false, true]) {
      it(`planted secrets appear in no metric, log, audit line, error body or admin page: ${title}, ${share ? 'shared' : 'dedicated'} [R56]`, async () => {
        const up = await upstream(
          scene.upstream ??
            ((request) => {
              request.begin('X-Secret: s3cret');
              request.send('id: s3cret-1\nevent: s3cret\ndata: s3cret\n\n');
            }),
        );
        const registry = new Registry();
        const metrics = sseMetrics({ registry });
        const lines: string[] = [];
        const log = pino({ level: scene.level ?? 'info' }, { write: (line: string) => void lines.push(line) });
        const proxied = await app(
          {
            target: `${up.url}?s3cret=s3cret`,
            forwardQuery: true,
            share,
            observers: [metrics, accessLog({ log }), auditLog({ log })],
            warnings: false,
            ...scene.options,
          },
          { path },
        );
        const server = http.createServer(
          express().use('/admin', adminPage({ proxies: [proxied.proxy], refreshMs: 100 })),
        );
        add(server.listen(0, '127.0.0.1'), (it) => {
          it.close();
          it.closeAllConnections();
        });
        await once(server, 'listening');
        const admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin`;

        const shown: string[] = [];
        const look = async () => {
          shown.push(await registry.metrics(), JSON.stringify(metrics.summary()), await (await fetch(admin)).text());
          const live = (await fetch(`${admin}/live`)).body!.getReader();
          for (let text = ''; !text.includes('\n\n'); shown.push(text)) {
            text += Buffer.from((await live.read()).value!).toString();
          }
          await live.cancel();
        };
        // Two browsers: the second one reaches the limit.
        const browsers = [1, 2].map(() => visit(proxied.port, '/sse/flow/s3cret?token=s3cret', fields));
        await until(() =>
          browsers.every((browser) => browser.closed() || browser.complete() || browser.body().includes('s3cret')),
        );
        await look();
        if (scene.breaks) {
          for (const request of up.requests) request.raw('zz\r\ns3cret');
          await until(() => lines.some((line) => line.includes('SSE upstream is back')));
          await look();
        }
        for (const browser of browsers) {
          // The stream's own events are for the browser; what the proxy says of an error is not secret.
          const isStream = browser.body().includes('data: s3cret');
          if (!isStream) shown.push(browser.body(), JSON.stringify(browser.headers()));
          browser.leave();
        }
        await until(() => proxied.proxy.stats().open === 0 && proxied.proxy.stats().opening === 0);
        await look();
        expect(lines).to.not.be.empty;
        expect(lines.some((line) => line.includes('SSE message sent'))).to.equal(scene.level === 'debug');
        expect([...shown, ...lines].filter((text) => text.includes('s3cret'))).to.deep.equal([]);
      });
    }
  }
});
