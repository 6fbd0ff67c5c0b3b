import { expect } from 'chai';
import request from 'supertest';
import type { LogRefuseContext, LogScope, LogStreamOptions } from '../src/index.ts';
import { eventually, log, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const routes = [logsPath, `${logsPath}/stream`];

describe('authorize', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  const failure = new Error('the directory is down');
  const cases: [what: string, authorize: () => unknown, status: number, code?: string][] = [
    ['true', () => true, 200],
    ['a key', () => ({ key: 'ada' }), 200],
    ['a promise of a key', async () => ({ key: 'ada' }), 200],
    ['false', () => false, 403, 'ERR_LOG_STREAM_FORBIDDEN'],
    ['403', () => 403, 403, 'ERR_LOG_STREAM_FORBIDDEN'],
    ['401', async () => 401, 401, 'ERR_LOG_STREAM_UNAUTHENTICATED'],
    ['allowed: true', () => ({ key: 'ada', allowed: true }), 200],
    ['allowed: false', () => ({ key: 'ada', allowed: false }), 403, 'ERR_LOG_STREAM_FORBIDDEN'],
    ['allowed: undefined', () => ({ key: 'ada', allowed: undefined }), 503, 'ERR_LOG_STREAM_HOOK'],
    ['a truthy text as allowed', () => ({ key: 'ada', allowed: 'yes' }), 503, 'ERR_LOG_STREAM_HOOK'],
    ['undefined', () => undefined, 503, 'ERR_LOG_STREAM_HOOK'],
    ['null', () => null, 503, 'ERR_LOG_STREAM_HOOK'],
    ['a truthy text', () => 'yes', 503, 'ERR_LOG_STREAM_HOOK'],
    ['200', () => 200, 503, 'ERR_LOG_STREAM_HOOK'],
    ['an empty key', () => ({ key: '' }), 503, 'ERR_LOG_STREAM_HOOK'],
    ['a key that is no text', () => ({ key: 7 }), 503, 'ERR_LOG_STREAM_HOOK'],
    ['a rejection', () => Promise.reject(failure), 503, 'ERR_LOG_STREAM_HOOK'],
    [
      'an error that it throws',
      () => {
        throw failure;
      },
      503,
      'ERR_LOG_STREAM_HOOK',
    ],
  ];
  for (const [what, authorize, status, code] of cases) {
    it(`${what} from authorize leads to ${status} for pages and streams alike`, async () => {
      const errors: Error[] = [];
      const refused: LogRefuseContext[] = [];
      const { app, store, router } = await service({
        authorize: authorize as LogStreamOptions['authorize'],
        onError: (error) => errors.push(error),
        observers: [{ onRefuse: (context) => refused.push(context) }],
      });
      await store.append([log('secret')]);
      for (const path of routes) {
        const answer = await (status === 200 ? request(app).head(path) : request(app).get(path));
        expect(answer.status, path).to.equal(status);
        expect(answer.headers['www-authenticate'], path).to.equal(status === 401 ? 'Bearer' : undefined);
        if (status === 200) continue;
        expect(answer.body, path).to.include({ status, code });
        expect(answer.text).to.not.match(/secret|directory/);
      }
      expect(refused.map(({ error, stream }) => [error.code, stream.workflowID])).to.deep.equal(
        status === 200 ? [] : routes.map(() => [code, 'wf']),
      );
      for (const { stream } of refused) expect(stream.key).to.equal(what === 'allowed: false' ? 'ada' : undefined);
      // A failing hook is the operator's to mend; a refusal is not.
      expect(errors.length).to.equal(code === 'ERR_LOG_STREAM_HOOK' ? routes.length : 0);
      if (what.includes('error')) expect(errors[0]?.cause).to.equal(failure);
      // Nor is it a failure of the store, for which an alert fires.
      expect(router.stats()).to.include({ streams: 0, storeErrors: 0 });
    });
  }

  it('authorize gets the decoded ids of the path, after the token and the method are checked', async () => {
    const asked: LogScope[] = [];
    const { app } = await service({
      token: 'T',
      authorize: (_req, scope) => {
        asked.push(scope);
        return false;
      },
    });
    const path = '/wfm/workflow/workspace/a%2Fb%20%C3%BC/workflow/%25zz/logs';
    await request(app).get(path).expect(401);
    await request(app).get(path).set('authorization', 'Bearer wrong').expect(403);
    await request(app).post(path).set('authorization', 'Bearer T').expect(405);
    expect(asked).to.deep.equal([]);
    await request(app).get(path).set('authorization', 'Bearer T').expect(403);
    expect(asked).to.deep.equal([{ workspaceID: 'a/b ü', workflowID: '%zz' }]);
  });

  it('opens no stream for a client that leaves while authorize decides', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let asked = false;
    const { url, router } = await service({
      authorize: () => {
        asked = true;
        return promise;
      },
    });
    const controller = new AbortController();
    const left = fetch(`${url}${logsPath}/stream`, { signal: controller.signal }).catch(() => 'left');
    await eventually(() => asked);
    controller.abort();
    expect(await left).to.equal('left');
    resolve(true);
    const other = await openStream(`${url}${logsPath}/stream`);
    expect(other.status).to.equal(200);
    expect(router.stats().streams).to.equal(1);
  });

  it('/logs/stream does not exist without demoRoute, and no stream exists with stream: false', async () => {
    const { app } = await service({ demoRoute: false });
    await request(app).get('/logs/stream').expect(404);
    const pages = await service({ stream: false });
    await request(pages.app).get('/logs/stream').expect(404);
    await request(pages.app).get(`${logsPath}/stream`).expect(404);
    await request(pages.app).get(logsPath).expect(200);
  });

  it('/logs/stream sends the schema of the proof of concept with demoRoute', async () => {
    const { url, store } = await service({ demoRoute: true });
    const stream = await openStream(`${url}/logs/stream`);
    await store.append([log('one\ntwo', { logLevel: 'WARN', workflowID: 'other' })]);
    await stream.untilMessage('one\ntwo');
    expect(stream.events.map((event) => event.log)).to.deep.equal([
      { date: '2025-09-22T08:54:00.000Z', level: 'WARN', pipeline: 'other', status: 'STAGE', message: 'one\ntwo' },
    ]);
  });

  for (const path of [
    logsPath.toUpperCase(),
    logsPath.replace('wfm', 'WFM'),
    `${logsPath}/`,
    `/${logsPath}`,
    logsPath.replace('/workspace', '//workspace'),
    logsPath.replace('/ws', '/'),
    logsPath.replace('/wf/', '/x/../wf/'),
    `${logsPath};x`,
  ]) {
    it(`responds 404 to ${path}, and does not call authorize`, async () => {
      let asked = 0;
      const { url } = await service({
        authorize: () => {
          asked++;
          return true;
        },
      });
      const answer = await openStream(url, { path });
      expect(answer.status).to.equal(404);
      expect(asked).to.equal(0);
    });
  }
});
