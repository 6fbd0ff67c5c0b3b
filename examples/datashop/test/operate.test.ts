import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { parseMetrics } from '../../../packages/sse-metrics/test/support/scrape.ts';
import { adminPath, streamPath } from '../src/demo.ts';
import { type Front, front } from './support/front.ts';
import { type LogService, logService } from './support/log-service.ts';

describe('operating the BFF', () => {
  let service: LogService;
  let bff: Front;
  let streams: ServerResponse[];

  beforeEach(async () => {
    streams = [];
    service = await logService((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('id: 1\ndata: one\n\n');
      streams.push(res);
    });
    bff = await front(service.url, 'token');
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
