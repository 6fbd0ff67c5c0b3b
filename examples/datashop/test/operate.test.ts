import { once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import { SqliteLogStore } from '@datashop/log-stream';
import { hashId } from '@datashop/sse-metrics';
import { expect } from 'chai';
import express from 'express';
import { parseMetrics } from '../../../packages/sse-metrics/test/support/scrape.ts';
import { adminPath, streamPath, upstreamLogsPath, workflows } from '../src/demo.ts';
import { closeServer, listen } from '../src/listen.ts';
import { logService as createLogService } from '../src/log-service.ts';
import { addStreamsPage } from '../src/log-service-page.ts';
import { type Front, front } from './support/front.ts';
import { type LogService, logService } from './support/log-service.ts';

describe('operating the BFF', () => {
  let service: LogService;
  let bff: Front;
  let streams: ServerResponse[];
  let access: Record<string, unknown>[];
  let audit: Record<string, unknown>[];
  const auditSecret = 'a secret of the tests';

  beforeEach(async () => {
    streams = [];
    access = [];
    audit = [];
    service = await logService((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('id: 1\ndata: one\n\n');
      streams.push(res);
    });
    const into = (lines: Record<string, unknown>[]) => {
      const write = (fields: object, msg: string) => void lines.push({ ...fields, msg });
      return { info: write, warn: write };
    };
    bff = await front(service.url, 'token', { access: into(access), audit: into(audit), auditSecret });
  });
  afterEach(async () => {
    await bff.close();
    await service.close();
  });

  it('serves /metrics and /summary on a port of their own, and neither on the page’s', async () => {
    const cookie = await bff.signIn();
    const stream = await bff.get(streamPath, { cookie });
    await stream.body?.getReader().read();
    const answer = await fetch(`${bff.metricsUrl}/metrics`);
    expect(answer.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
    const series = parseMetrics(await answer.text());
    expect(series.get(`active_sse_connections{route="${streamPath}"}`)).to.equal(1);
    expect(series.get(`sse_refused_total{reason="limit",route="${streamPath}",rule="session"}`)).to.equal(0);
    const summary = await (await fetch(`${bff.metricsUrl}/summary`)).json();
    expect(summary).to.include({ active_sse_connections: 1, error_rate: 0 });
    for (const path of ['/metrics', '/summary']) expect((await bff.get(path, { cookie })).status, path).to.equal(404);
  });

  it('shows the open streams to signed-in users only', async () => {
    for (const path of ['', '/live', '/page.css']) {
      const answer = await bff.get(`${adminPath}${path}`);
      expect([path, answer.status]).to.deep.equal([path, 403]);
    }
    const cookie = await bff.signIn();
    const stream = await bff.get(streamPath, { cookie });
    await stream.body?.getReader().read();
    const page = await bff.get(adminPath, { cookie });
    expect(page.status).to.equal(200);
    expect(await page.text()).to.include(`<td>${streamPath}</td>`);
  });

  it('logs, audits and shows the user, the workspace and the workflow of a stream, also if it is refused', async () => {
    const { workspaceID: workspace, workflowID: workflow } = workflows.penguins;
    const cookie = await bff.signIn();
    const stream = await bff.get(`${streamPath}?workspace=${workspace}&workflow=${workflow}`, { cookie });
    await stream.body?.getReader().read();
    expect(access).to.have.length(1);
    expect(access[0]).to.include({ msg: 'SSE connection established', user: 'ada', workspace, workflow });
    const what = { workspace: hashId(workspace, auditSecret), workflow: hashId(workflow, auditSecret) };
    expect(audit[0]).to.deep.include({ action: 'open', who: hashId('ada', auditSecret), what });
    const page = await (await bff.get(adminPath, { cookie })).text();
    expect(page).to.include(`<td>workspace: ${workspace}, workflow: ${workflow}</td>`);

    const foreign = { workspace: 'seismology', workflow: 'earthquakes' };
    expect((await bff.get(`${streamPath}?${new URLSearchParams(foreign)}`, { cookie })).status).to.equal(403);
    expect(access.at(-1)).to.include({ code: 'ERR_SSE_FORBIDDEN', user: 'ada', ...foreign });
    expect(audit.at(-1)).to.include({ action: 'refuse', outcome: 'forbidden', who: hashId('ada', auditSecret) });
    expect(JSON.stringify(audit)).to.not.match(/"ada"|penguin|seismology/);
    expect(streams).to.have.length(1);
  });

  it('shows the streams of the log service on the port of its metrics, under the names of this machine only', async () => {
    const store = new SqliteLogStore({ path: ':memory:' });
    const router = createLogService(store, 'token');
    const metricsApp = express();
    const page = addStreamsPage(metricsApp, router);
    const [main, metrics] = [
      await listen(express().use(router), 0, '127.0.0.1'),
      await listen(metricsApp, 0, '127.0.0.1'),
    ];
    try {
      const headers = { authorization: 'Bearer token', 'x-user-id': 'ada' };
      const stream = await fetch(`http://127.0.0.1:${main.port}${upstreamLogsPath(workflows.movies)}/stream`, {
        headers,
      });
      expect(stream.status).to.equal(200);
      const html = await (await fetch(`http://localhost:${metrics.port}/streams`)).text();
      expect(html).to.include('<td>ada</td>').and.include('<td>workspace: datashop-demo, workflow: l5-etl</td>');
      for (const host of ['evil.example', `127.0.0.1.evil.example:${metrics.port}`]) {
        const asked = request({ host: '127.0.0.1', port: metrics.port, path: '/streams', headers: { host } }).end();
        const [response] = await once(asked, 'response');
        response.resume();
        expect(response.statusCode, host).to.equal(421);
      }
    } finally {
      await router.close();
      page.close();
      for (const { server } of [main, metrics]) {
        const closed = closeServer(server);
        server.closeAllConnections();
        await closed;
      }
      await store.close();
    }
  });

  it('a drain ends the live view of the open streams, so that the server can close', async () => {
    const cookie = await bff.signIn();
    const live = await bff.get(`${adminPath}/live`, { cookie });
    await bff.drain();
    expect(await live.text()).to.include('"at":');
    expect((await bff.get(`${adminPath}/live`, { cookie })).status).to.equal(204);
  });

  it('a sign-out ends the live view of the open streams', async () => {
    const cookie = await bff.signIn();
    const live = await bff.get(`${adminPath}/live`, { cookie });
    const reader = live.body!.getReader();
    await reader.read();
    await fetch(`${bff.url}/session/sign-out`, { method: 'POST', headers: { cookie } });
    const rest = (async () => {
      while (!(await reader.read()).done);
    })();
    await rest.catch((error: Error) => expect(error.message).to.match(/terminated/));
  });
});
