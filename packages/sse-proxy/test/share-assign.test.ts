import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };

describe("share: { ids: 'assign' }", () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  async function assigned(options: Partial<SseProxyOptions> = {}) {
    const up = await upstream();
    const share = { ids: 'assign', lingerMs: 0 } as const;
    const proxied = await app({ target: up.url, resume: quick, retryMs: false, share, ...options });
    const open = (id?: string) => visit(proxied.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id });
    const first = open();
    const request = await up.request();
    request.begin();
    await first.opened();
    return { up, proxied, open, first, request, stats: () => proxied.proxy.stats() };
  }
  const idsOf = (body: string) => [...body.matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');

  it('numbers the events from 1, behind an epoch, and leaves their bytes alone', async () => {
    const { first, request } = await assigned();
    request.send('event: log\ndata: \xc3\xa4\ndata:\nother: field\n\n: comment\n\ndata: b\r\n\r\n');
    const body = await first.sees('data: b\r\n\r\n');
    const [one, two] = idsOf(body);
    expect(one).to.match(/^[0-9a-f]{8}-1$/);
    expect(two).to.equal(one?.replace(/1$/, '2'));
    const utf8 = Buffer.from('\xc3\xa4').toString('latin1');
    expect(body).to.equal(
      `id: ${one}\nevent: log\ndata: ${utf8}\ndata:\nother: field\n\n: comment\n\nid: ${two}\ndata: b\r\n\r\n`,
    );
  });

  it('takes the place of ids that the upstream has, alone on a line or not, whatever their form', async () => {
    const { first, request } = await assigned();
    request.send('id: 7\nevent: log\ndata: a\ndata: b\n\nid: 8\n\ndata: c\nid\n\ndata: d\nid: x\nid: y\n\n');
    const body = await first.sees('data: d\n\n');
    const epoch = idsOf(body)[0]?.split('-')[0];
    expect(body).to.equal(
      `id: ${epoch}-1\nevent: log\ndata: a\ndata: b\n\nid: ${epoch}-2\ndata: c\n\nid: ${epoch}-3\ndata: d\n\n`,
    );
  });

  it('resumes the upstream with its own ids, and drops what it repeats', async () => {
    const { up, proxied, first, request } = await assigned();
    request.send('id: 7\ndata: a\n\nid: 8\ndata: b\n\n');
    await first.sees('data: b\n\n');
    request.reset();
    const again = await up.request(1);
    expect(again.headers['last-event-id']).to.equal('8');
    again.begin();
    again.send('id: 7\ndata: a\n\nid: 8\ndata: b\n\nid: 9\ndata: c\n\n');
    const body = await first.sees('data: c\n\n');
    expect(idsOf(body).map((id) => id.split('-')[1])).to.deep.equal(['1', '2', '3']);
    expect(proxied.witness.gaps).to.deep.equal([]);
  });

  it('says gap when an upstream without ids was lost; a browser’s own blip loses nothing', async () => {
    const { up, proxied, first, open, request } = await assigned();
    request.send('data: a\n\n');
    const [id] = idsOf(await first.sees('data: a\n\n'));
    request.end();
    const again = await up.request(1);
    expect(again.headers).to.not.have.property('last-event-id');
    again.begin();
    again.send('data: b\n\n');
    expect(await first.sees('data: b\n\n')).to.match(
      /event: sse-proxy:gap\ndata: \{"reason":"no-ids",.*\n\nid: .*-2\n/,
    );
    expect(proxied.witness.gaps).to.deep.include({ route: '/sse', reason: 'no-ids', browsers: 1 });
    const back = await open(id).sees('data: b\n\n');
    expect(back).to.match(/^event: sse-proxy:gap\n.*\n\nid: .*-2\ndata: b\n\n$/);
  });

  it('gives a browser with an id of an earlier epoch a gap and all that is still held', async () => {
    const { up, proxied, open, first, request, stats } = await assigned();
    request.send('data: a\n\n');
    const [old] = idsOf(await first.sees('data: a\n\n'));
    first.leave();
    await until(() => stats().sharedFeeds === 0);

    const fresh = open();
    const again = await up.request(1);
    again.begin();
    again.send('data: b\n\ndata: c\n\n');
    const ids = idsOf(await fresh.sees('data: c\n\n'));
    expect(ids[0]).to.not.equal(old);
    const back = await open(old).sees('data: c\n\n');
    expect(back).to.match(
      /^event: sse-proxy:gap\ndata: \{"reason":"unknown-id",.*\}\n\nid: .*\ndata: b\n\nid: .*\ndata: c\n\n$/,
    );
    expect(idsOf(back)).to.deep.equal(ids);
    expect(proxied.witness.gaps).to.deep.equal([{ route: '/sse', reason: 'unknown-id', browsers: 1 }]);
    expect(up.requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([undefined, undefined]);
  });

  it('gives a browser whose id the ring has forgotten a gap, and asks the upstream nothing', async () => {
    const share = { ids: 'assign', replay: { maxEvents: 2 } } as const;
    const { up, first, open, request } = await assigned({ share });
    for (const data of 'abcd') request.send(`data: ${data}\n\n`);
    const ids = idsOf(await first.sees('data: d\n\n'));
    expect(await open(ids[0]).sees('data: d\n\n')).to.match(
      /^event: sse-proxy:gap\n.*\n\nid: .*-3\ndata: c\n\nid: .*-4/,
    );
    expect(up.requests).to.have.length(1);
  });

  it('never shows an id of one feed as known to another', async () => {
    const up = await upstream((request) => {
      request.begin();
      request.send(`data: ${request.headers.authorization}\n\n`);
    });
    const proxied = await app({ target: up.url, retryMs: false, share: { ids: 'assign' } });
    const one = await visit(proxied.port, '/sse', { Authorization: 'a' }).sees('data: a\n\n');
    const [id = ''] = idsOf(one);
    const other = visit(proxied.port, '/sse', { Authorization: 'b', 'Last-Event-ID': id });
    expect(await other.sees('data: b\n\n')).to.match(/"reason":"unknown-id"[\s\S]*data: b/);
    expect(other.body()).to.not.include('data: a');
  });

  it('hands transform the assigned id', async () => {
    const seen: (string | undefined)[] = [];
    const { first, request } = await assigned({
      transform: (event) => {
        seen.push(event.id);
        return event.data === 'a' ? null : event;
      },
    });
    request.send('data: a\n\ndata: b\n\n');
    const body = await first.sees('data: b\n\n');
    expect(body).to.equal(`id: ${seen[0]}\n\nid: ${seen[1]}\ndata: b\n\n`);
  });
});
