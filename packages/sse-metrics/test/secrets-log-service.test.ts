import { expect } from 'chai';
import express from 'express';
import pino from 'pino';
import { Registry } from 'prom-client';
import request from 'supertest';
import { type LogStreamObserver, SqliteLogStore } from '../../log-stream/src/index.ts';
import { eventually, log, logsPath, service, stopServices } from '../../log-stream/test/support/service.ts';
import { leaveStreams, openStream } from '../../log-stream/test/support/sse.ts';
import { FailingStore } from '../../log-stream/test/support/stores.ts';
import { accessLog, adminPage, auditLog, forLogService, sseMetrics } from '../src/index.ts';

const stream = `${logsPath}/stream`;
const fields = {
  'Last-Event-ID': 's3cret-id',
  'X-Request-Id': 's3cret',
  Cookie: 'session=s3cret',
  Referer: 'http://a/?s3cret',
  'User-Agent': 's3cret',
};
const accepted = { Authorization: 'Bearer T0ken', ...fields };

const wrong = ['limit', 'order', 'cursor', 'after', 'up_to', 'from', 'to', 'log_level'].map((name) => `${name}=s3cret`);
const paths = [
  ...[...wrong, 'search=s3cret%00', 'search=s3cret&search=s3cret'].map((query) => `${logsPath}?${query}`),
  `${stream}?history=s3cret`,
  `${stream}?search=${'s3cret'.repeat(50)}`,
];

describe('planted secrets in the log service', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  it('planted secrets appear in no metric, log, audit line or admin page, whatever is refused or sent [R56]', async () => {
    const registry = new Registry();
    const metrics = sseMetrics({ registry });
    const lines: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    const observers: LogStreamObserver[] = [metrics, accessLog({ log: logger }), auditLog({ log: logger })].map(
      forLogService,
    );
    const store = new FailingStore(new SqliteLogStore({ path: ':memory:' }));
    let hook: () => unknown = () => ({ key: 'ada' });
    const { url, app, router } = await service({
      store,
      token: 'T0ken',
      observers,
      authorize: (() => hook()) as never,
      limits: { rules: [{ name: 'token', key: () => 's3cret', max: 1 }] },
    });
    const shown: string[] = [];
    const admin = express().use(adminPage({ proxies: [], logServices: [router] }));
    const look = async () => {
      shown.push(await registry.metrics(), JSON.stringify(metrics.summary()), (await request(admin).get('/')).text);
    };
    const refuse = async (path: string, status: number, headers: Record<string, string> = accepted) => {
      const before = lines.length;
      const { status: got, text } = await request(app).get(path).set(headers);
      expect(got, path).to.equal(status);
      await eventually(() => lines.length > before);
      // A wrong parameter is quoted to the client that sent it.
      if (status !== 400) shown.push(text);
    };

    for (const path of paths) await refuse(path, 400);
    for (const path of [logsPath, stream]) await refuse(path, 403, { ...fields, Authorization: 'Bearer s3cret' });
    hook = () => {
      throw Object.assign(new Error('s3cret'), { code: 'S3CRET s3cret' });
    };
    await refuse(stream, 503);
    hook = () => 's3cret';
    await refuse(stream, 503);
    hook = () => ({ key: 'ada' });
    store.failing = new Error('s3cret');
    await refuse(logsPath, 503);
    store.failing = undefined;
    const open = await openStream(`${url}${stream}?search=s3cret&token=s3cret`, { headers: accepted });
    await store.append([log('s3cret', { description: 's3cret', stageName: 's3cret' })]);
    await open.untilMessage('s3cret');
    await refuse(stream, 429);
    await look();
    open.leave();
    await eventually(() => lines.some((line) => line.includes('SSE connection closed')));
    await look();
    expect(lines.some((line) => line.includes('SSE message sent'))).to.equal(true);
    expect([...shown, ...lines].filter((text) => text.includes('s3cret') || text.includes('T0ken'))).to.deep.equal([]);
  });
});
