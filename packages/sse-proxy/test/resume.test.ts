import { expect } from 'chai';
import { proxyApp } from './support/app.ts';
import { browse } from './support/browser.ts';
import { cleaner, until } from './support/until.ts';
import { rawUpstream } from './support/upstream.ts';

/** What a browser received, without the report of an outage that a slow machine has made longer than 3 s. */
const withoutUpstreamState = (text: string) =>
  text.replace(
    /event: sse-proxy:upstream\ndata: {"state":"lost".*\n\nevent: sse-proxy:upstream\ndata: {"state":"restored".*\n\n/,
    '',
  );

const quick = { minDelayMs: 5, maxDelayMs: 20, maxOutageMs: 60_000 };

describe('resume', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  async function setUp(options = {}) {
    const upstream = add(await rawUpstream(), (it) => it.close());
    const app = add(await proxyApp({ target: upstream.url, resume: quick, ...options }), (it) => it.close());
    const open = (id?: string) =>
      add(browse(app.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id }), (it) => it.leave());
    return { upstream, app, open };
  }

  it('reconnects with the id of the last whole event; an event that was cut off arrives once, whole', async () => {
    const began = performance.now();
    const { upstream, app, open } = await setUp();
    const browser = open();
    const first = await upstream.request(0);
    first.begin();
    first.send('id: 1\ndata: one\n\nid: 2\ndata: tw');
    await browser.sees('data: one\n\n');
    first.reset();

    const second = await upstream.request(1);
    expect(second.headers['last-event-id']).to.equal('1');
    second.begin();
    second.send('id: 2\ndata: two\n\n');
    expect(withoutUpstreamState(await browser.sees('two\n\n'))).to.equal(
      'retry: 2000\nid: 1\ndata: one\n\nid: 2\ndata: two\n\n',
    );
    expect(app.witness.closes).to.deep.equal([]);
    expect(app.witness.resumes.map(({ attempts, browsers }) => ({ attempts, browsers }))).to.deep.equal([
      { attempts: 1, browsers: 1 },
    ]);
    expect(app.witness.resumes[0]?.outageMs).to.be.within(0, performance.now() - began);
  });

  it('drops what an upstream that ignores Last-Event-ID repeats', async () => {
    const { upstream, open } = await setUp();
    const browser = open();
    const all = ['id: 1\ndata: one\n\n', 'id: 2\ndata: two\n\n', 'id: 3\ndata: three\n\n'];
    const first = await upstream.request(0);
    first.begin();
    first.send(all.join(''));
    await browser.sees('three');
    first.end();
    const second = await upstream.request(1);
    second.begin();
    second.send(`${all.join('')}id: 4\ndata: four\n\n`);
    const body = withoutUpstreamState(await browser.sees('four\n\n'));
    expect(body).to.equal(`retry: 2000\n${all.join('')}id: 4\ndata: four\n\n`);
  });

  it('reports a gap when ids begin anew, and delivers all of the new ones', async () => {
    const { upstream, app, open } = await setUp();
    const browser = open();
    const first = await upstream.request(0);
    first.begin();
    first.send('id: 1\ndata: hello\n\nid: 2\ndata: old two\n\nid: 3\ndata: old three\n\n');
    await browser.sees('old three');
    first.reset();
    const second = await upstream.request(1);
    second.begin();
    second.send('id: 1\ndata: hello\n\nid: 2\ndata: new two\n\n');
    const body = withoutUpstreamState(await browser.sees('new two\n\n'));
    expect(body).to.match(
      /old three\n\nevent: sse-proxy:gap\ndata: \{"reason":"ids-restarted","from":"[^"]+","to":"[^"]+"\}\n\nid: 1\ndata: hello\n\nid: 2\ndata: new two\n\n$/,
    );
    expect(app.witness.gaps.map((gap) => gap.reason)).to.deep.equal(['ids-restarted']);
  });

  it('ends the stream when the upstream refuses a resume for good, so that the browser’s own request is refused', async () => {
    const { upstream, app, open } = await setUp();
    const browser = open();
    const first = await upstream.request(0);
    first.begin();
    first.send('id: 1\ndata: one\n\n');
    await browser.sees('one');
    first.reset();
    const second = await upstream.request(1);
    second.raw('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    await browser.sees('event: sse-proxy:end\n');
    await until(() => browser.complete());
    await until(() => app.witness.closes.length === 1);
    expect(app.witness.closes[0]?.reason).to.equal('upstream-refused');
    expect(upstream.requests).to.have.length(2);
  });

  it('shares one upstream connection, and replays what a returning browser missed', async () => {
    const { upstream, app, open } = await setUp({ share: { join: 'live' } });
    const one = open();
    const request = await upstream.request(0);
    request.begin();
    request.send('id: 1\ndata: one\n\n');
    await one.sees('one');
    const two = open();
    await two.sees('retry');
    request.send('id: 2\ndata: two\n\n');
    await two.sees('two');
    two.leave();
    await until(() => app.proxy.stats().open === 1);
    request.send('id: 3\ndata: three\n\n');
    await one.sees('three');
    const back = open('2');
    await back.sees('three');
    request.send('id: 4\ndata: four\n\n');
    expect(await back.sees('four')).to.equal('retry: 2000\nid: 3\ndata: three\n\nid: 4\ndata: four\n\n');
    expect(upstream.requests).to.have.length(1);
    expect(app.proxy.stats()).to.include({ upstreamConnections: 1, sharedFeeds: 1 });
  });

  it('fills in from the upstream what the ring no longer has, up to the live feed', async () => {
    const { upstream, app, open } = await setUp({ share: { replay: { maxEvents: 2 } } });
    const one = open();
    const live = await upstream.request(0);
    live.begin();
    live.send('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\nid: 4\ndata: 4\n\n');
    await one.sees('data: 4\n\n');
    const back = open('1');
    const backfill = await upstream.request(1);
    expect(backfill.headers['last-event-id']).to.equal('1');
    backfill.begin();
    backfill.send('id: 2\ndata: 2\n\nid: 3\ndata: 3\n\nid: 4\ndata: 4\n\n');
    live.send('id: 5\ndata: 5\n\n');
    const body = await back.sees('data: 5\n\n');
    expect(body.match(/data: \d/g)).to.deep.equal(['data: 2', 'data: 3', 'data: 4', 'data: 5']);
    await until(() => backfill.closed() && app.proxy.stats().upstreamConnections === 1);
  });

  it('assigns ids for an upstream that has none, and reports a gap for an unknown id', async () => {
    const { upstream, open } = await setUp({ share: { ids: 'assign' } });
    const one = open();
    const request = await upstream.request(0);
    request.begin();
    request.send('data: a\n\ndata: b\n\n');
    const body = await one.sees('data: b\n\n');
    const ids = [...body.matchAll(/id: (\w+-\d+)\n/g)].map((match) => match[1] ?? '');
    expect(ids.map((id) => id.split('-')[1])).to.deep.equal(['1', '2']);
    const back = open(ids[0]);
    expect(await back.sees('data: b\n\n')).to.equal(`retry: 2000\nid: ${ids[1]}\ndata: b\n\n`);
    const stranger = open('nobody-7');
    expect(await stranger.sees('data: b\n\n')).to.match(
      /^retry: 2000\nevent: sse-proxy:gap\ndata: \{"reason":"unknown-id".*\n\nid: .*-1\ndata: a\n\n/,
    );
  });

  it('gives a browser that starts at the tip of a shared feed the id to come back with', async () => {
    const { upstream, app, open } = await setUp({ share: { join: 'live' } });
    const one = open();
    const request = await upstream.request(0);
    request.begin();
    request.send('id: é1\ndata: one\n\n');
    await one.sees('one');
    const two = open();
    expect(await two.sees('id: ')).to.equal(`retry: 2000\nid: ${Buffer.from('é1').toString('latin1')}\n\n`);
    two.leave();
    await until(() => app.proxy.stats().open === 1);
    request.send('id: é2\ndata: two\n\n');
    await one.sees('two');
    const back = open(Buffer.from('é1').toString('latin1'));
    expect(await back.sees('two\n\n')).to.equal(
      `retry: 2000\nid: ${Buffer.from('é2').toString('latin1')}\ndata: two\n\n`,
    );
  });
});
