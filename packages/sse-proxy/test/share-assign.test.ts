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

  it('gives events the ids <epoch>-1, <epoch>-2, … and leaves their other bytes unchanged', async () => {
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

  it("replaces the upstream's ids, whatever their form, and drops lone ids", async () => {
    const { first, request } = await assigned();
    request.send('id: 7\nevent: log\ndata: a\ndata: b\n\nid: 8\n\ndata: c\nid\n\ndata: d\nid: x\nid: y\n\n');
    const body = await first.sees('data: d\n\n');
    const epoch = idsOf(body)[0]?.split('-')[0];
    expect(body).to.equal(
      `id: ${epoch}-1\nevent: log\ndata: a\ndata: b\n\nid: ${epoch}-2\ndata: c\n\nid: ${epoch}-3\ndata: d\n\n`,
    );
  });

  it("resumes with the upstream's own ids, and drops what the upstream repeats", async () => {
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

  it('sends a gap when an upstream without ids was lost, and replays to a returning browser what it missed [R32]', async () => {
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
    expect(proxied.witness.gaps).to.deep.equal([{ route: '/sse', stream: undefined, reason: 'no-ids', browsers: 1 }]);
    const back = await open(id).sees('data: b\n\n');
    expect(back).to.match(/^event: sse-proxy:gap\n.*\n\nid: .*-2\ndata: b\n\n$/);
  });

  it('sends a gap and the whole ring to a browser with an id of an earlier epoch [R31]', async () => {
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
    const { stream } = proxied.witness.opens[2]!;
    expect(proxied.witness.gaps).to.deep.equal([{ route: '/sse', stream, reason: 'unknown-id', browsers: 1 }]);
    expect(up.requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([undefined, undefined]);
  });

  it('sends a gap to a browser whose assigned id is no longer held, without an upstream request', async () => {
    const share = { ids: 'assign', replay: { maxEvents: 2 } } as const;
    const { up, first, open, request } = await assigned({ share });
    for (const data of 'abcd') request.send(`data: ${data}\n\n`);
    const ids = idsOf(await first.sees('data: d\n\n'));
    expect(await open(ids[0]).sees('data: d\n\n')).to.match(
      /^event: sse-proxy:gap\n.*\n\nid: .*-3\ndata: c\n\nid: .*-4/,
    );
    expect(up.requests).to.have.length(1);
  });

  it('does not accept an id that another feed has assigned', async () => {
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

  it('passes the assigned id to transform', async () => {
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
