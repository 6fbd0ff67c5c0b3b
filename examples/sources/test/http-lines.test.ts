import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import { ndjson } from '../src/ndjson.ts';
import { podLog } from '../src/pod-log.ts';
import { stage, until } from './support/stage.ts';

describe('recipes for lines over HTTP', () => {
  const { clean, listen, serve, visit } = stage();
  afterEach(clean);

  /** A server whose responses the test writes. */
  async function manual() {
    const requests: { req: IncomingMessage; res: ServerResponse }[] = [];
    const { origin } = await listen((req, res) => void requests.push({ req, res }));
    return { origin, requests, count: (n: number) => until(() => requests.length >= n) };
  }

  it('the recipe for NDJSON passes each line on, resumes after the last one, and drops a line that broke off', async () => {
    const { origin, requests, count } = await manual();
    const { url } = await serve({ source: ndjson(({ params }) => new URL(`/jobs/${params.name}?level=info`, origin)) });
    const visiting = visit(url);
    await count(1);
    const [first] = requests;
    expect(first?.req.url).to.equal('/jobs/web?level=info');
    first?.res.writeHead(200).write('{"seq":1,"level":"info","text":"größe"}\n\n{"seq":2,"le');
    const browser = await visiting;
    await until(() => browser.ids().length === 1);
    first?.res.write('vel":"warn"}\n{"seq":3,"level":"in');
    await until(() => browser.ids().length === 2);
    first?.res.destroy();
    await count(2);
    expect(requests[1]?.req.url).to.equal('/jobs/web?level=info&after=2');
    requests[1]?.res.writeHead(200).write('{"seq":3,"level":"info"}\n');
    await until(() => browser.ids().length === 3);
    expect(browser.body()).to.equal(
      'id: 1\nevent: info\ndata: {"seq":1,"level":"info","text":"größe"}\n\n' +
        'id: 2\nevent: warn\ndata: {"seq":2,"level":"warn"}\n\nid: 3\nevent: info\ndata: {"seq":3,"level":"info"}\n\n',
    );
  });

  it('the recipe for NDJSON closes its request when the browser leaves', async () => {
    const { origin, requests, count } = await manual();
    const { url, proxy } = await serve({ source: ndjson(() => new URL(origin)) });
    const visiting = visit(url);
    await count(1);
    requests[0]?.res.writeHead(200).write('\n');
    (await visiting).leave();
    await until(() => requests[0]?.res.closed === true);
    expect(proxy.stats().upstreamConnections).to.equal(0);
  });

  it('the recipe for NDJSON refuses a browser with the 4xx of its server, and softly at a 5xx', async () => {
    let status = 404;
    const { origin } = await listen((_, res) => void res.writeHead(status).end());
    const { url } = await serve({ source: ndjson(() => new URL(origin)) });
    expect((await fetch(url)).status).to.equal(404);
    status = 503;
    const soft = await fetch(url);
    expect(soft.status).to.equal(200);
    expect(await soft.text()).to.include('"code":"ERR_SSE_UPSTREAM_BUSY"');
  });

  it('the recipe for a pod’s log follows it as kubectl does, also where lines have the same time', async () => {
    const time = (second: number, nano: number) => `2026-11-29T00:00:0${second}.${String(nano).padStart(9, '0')}Z`;
    const log = [1, 1, 1, 2, 3, 3].map((second, n) => `${time(second, 5)} line ${n}\n`);
    const requests: URL[] = [];
    let sends = 2;
    const { origin } = await listen((req, res) => {
      const url = new URL(req.url as string, 'http://a');
      requests.push(url);
      expect(req.headers.authorization).to.equal('Bearer token');
      // As older versions of Kubernetes: the time is rounded down to its second.
      const since = (url.searchParams.get('sinceTime') ?? '').slice(0, 19);
      res.writeHead(200);
      res.write(
        log
          .filter((line) => line.slice(0, 19) >= since)
          .slice(0, sends)
          .join(''),
      );
      if (sends < log.length) setImmediate(() => res.destroy());
      sends += 2;
    });
    const source = podLog({ api: origin, token: 'token', namespace: 'jobs', pod: ({ params }) => String(params.name) });
    const { url } = await serve({ source });
    const browser = await visit(url);
    await until(() => browser.datas().includes('line 5'));
    expect(browser.datas()).to.deep.equal(log.map((_, n) => `line ${n}`));
    expect(browser.ids().slice(0, 3)).to.deep.equal([1, 2, 3].map((n) => `${time(1, 5)}/${n}`));
    expect(requests[0]?.pathname).to.equal('/api/v1/namespaces/jobs/pods/web/log');
    expect(Object.fromEntries(requests[0]?.searchParams ?? [])).to.deep.equal({ follow: 'true', timestamps: 'true' });
    const returned = await visit(url, `${time(1, 5)}/2`);
    await until(() => returned.datas().includes('line 5'));
    expect(returned.datas()).to.deep.equal([2, 3, 4, 5].map((n) => `line ${n}`));
  });
});
