import { expect } from 'chai';
import express from 'express';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { SseProxyOptions } from '../../sse-proxy/src/types.ts';
import { serve } from '../../sse-proxy/test/support/app.ts';
import { chunk, fields, scenes, sse } from '../../sse-proxy/test/support/secret-scenes.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { accessLog, adminPage, auditLog, sseMetrics } from '../src/index.ts';

describe('secrets in logs, metrics and the admin page', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  /** A proxy with everything that this package offers, and all that it has written. */
  async function watched(options: SseProxyOptions) {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const registry = new Registry();
    const metrics = sseMetrics({ registry });
    // A parameter of the path is shown where it is listed, so it is not listed here.
    const observers = [metrics, accessLog({ log, params: {} }), auditLog({ log })];
    const proxied = await app({ ...options, observers }, { path: '/sse/:workflow' });
    const admin = add(await serve(express().use(adminPage({ proxies: [proxied.proxy] }))), (it) => it.close());
    const written = async () => {
      const page = await (await fetch(`http://127.0.0.1:${admin.port}/`)).text();
      expect(page).to.include('<html');
      return [...lines, await registry.metrics(), JSON.stringify(metrics.summary()), page].join('\n');
    };
    return { ...proxied, lines, written };
  }

  for (const [name, scene] of Object.entries(scenes)) {
    it(`show no token, cookie, query, id or event data: ${name} [R56]`, async () => {
      const up = await upstream(scene.upstream ?? ((request) => request.begin()));
      const { port, witness, lines, written } = await watched({
        target: `http://127.0.0.1:${up.port}/:workflow/logs?token=s3cret-own`,
        name: '/sse/:workflow',
        resume: false,
        forwardCookies: ['session'],
        forwardHeaders: ['authorization', 'x-s3cret-name', 'user-agent', 'referer'],
        ...scene.options,
      });
      const browser = visit(port, scene.path ?? '/sse/wf?token=s3cret-query', { ...fields, ...scene.fields });
      await until(() => browser.complete() || browser.closed());
      await until(() => witness.refusals.length + witness.closes.length === 1);
      expect(lines.join('')).to.include(scene.code);
      expect(await written()).to.not.include('s3cret');
    });
  }

  for (const share of [false, true]) {
    it(`show no id and no event data while a ${share ? 'shared' : 'dedicated'} stream is open and resumed [R56]`, async () => {
      const up = await upstream((request) => request.raw(`${sse}${chunk}`));
      const { port, witness, lines, written } = await watched({
        target: `${up.url}?s3cret`,
        name: '/sse/:workflow',
        share,
        resume: { minDelayMs: 1, maxDelayMs: 2 },
        forwardHeaders: [],
      });
      const browser = visit(port, '/sse/wf?token=s3cret-query', fields);
      await browser.sees('s3cret-event');
      up.requests[0]?.raw('zz\r\ns3cret');
      await until(() => witness.resumes.length === 1);
      expect(lines.join('')).to.include('ERR_SSE_UPSTREAM_BROKEN');
      // The page lists the stream.
      expect(await written())
        .to.include('<td>/sse/:workflow')
        .and.not.include('s3cret');
    });
  }
});
