import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { streamPath } from '../src/demo.ts';
import { type Front, front } from './support/front.ts';
import { type LogService, logService } from './support/log-service.ts';

describe('a drain of the BFF', () => {
  let service: LogService;
  let bff: Front;
  const streams: ServerResponse[] = [];

  before(async () => {
    service = await logService((req, res) => {
      if (!req.url?.includes('/stream')) return void res.end();
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      streams.push(res);
    });
    bff = await front(service.url, 'token-of-the-service');
  });
  after(async () => {
    await bff?.close();
    await service?.close();
  });

  it('a drain ends readiness, then every stream with a retry time, then the upstream requests, and refuses new streams softly', async () => {
    const cookie = await bff.signIn();
    const open = await bff.get(streamPath, { cookie });
    const closed = once(streams[0]!, 'close');
    expect((await bff.get('/readyz')).status).to.equal(200);

    const drained = bff.drain();
    expect(await (await bff.get('/readyz')).json()).to.deep.equal({ status: 'draining' });
    expect(await open.text()).to.match(/event: sse-proxy:end\nretry: \d{4,5}\ndata: \{"reason":"draining".*\}\n\n$/);
    await closed;
    await drained;

    const late = await bff.get(streamPath, { cookie });
    expect(late.status).to.equal(200);
    expect(await late.text()).to.match(/event: sse-proxy:refused\nretry: \d{4,5}\ndata: \{"reason":"draining".*\n\n$/);
    expect((await bff.get('/healthz')).status).to.equal(200);
  });
});
