import { expect } from 'chai';
import { type Scene, stage } from './support/scene.ts';
import type { Visit } from './support/server.ts';
import { World } from './support/tabs-world.ts';

const frame = (event: string, data: unknown) => `event: sse-proxy:${event}\ndata: ${JSON.stringify(data)}\n\n`;
const since = '2026-01-02T03:00:00.000Z';

describe('sse-proxy:upstream', () => {
  const scene = stage();

  async function connect(at: Scene, text: string): Promise<Visit> {
    at.stream.connect();
    return (await at.server.next()).open(text);
  }

  for (const state of ['connecting', 'lost', 'silent'] as const)
    it(`'${state}' makes the status waiting-upstream, with since, until 'restored' [R43]`, async () => {
      const at = await scene();
      const visit = await connect(at, ':\n\n');
      await at.until('connected');
      visit.send(frame('upstream', { state, since }));
      expect(await at.until('waiting-upstream')).to.include({ upstream: state, since: Date.parse(since) });
      visit.send('id: 1\ndata: from the replay\n\n');
      await at.received(1);
      expect(at.now.status).to.equal('waiting-upstream');
      visit.send(frame('upstream', { state: 'restored', since }));
      expect(await at.until('connected')).to.include({ upstream: null, since: null });
      expect(at.data).to.deep.equal(['from the replay']);
    });

  it('sse-proxy:upstream never lets the status be connected when it comes first [R6]', async () => {
    const at = await scene();
    await connect(at, frame('upstream', { state: 'connecting', since }));
    await at.until('waiting-upstream');
    expect(at.seen).to.not.include('connected');
    expect(at.now.connectedAt).to.equal(at.clock.time);
  });

  it('the reported upstream state ends with the connection', async () => {
    const at = await scene();
    const visit = await connect(at, frame('upstream', { state: 'lost', since }));
    await at.until('waiting-upstream');
    visit.cut();
    expect(await at.until('waiting')).to.include({ upstream: null, since: null });
    at.retry();
    (await at.server.next()).open(':\n\n');
    expect(await at.until('connected')).to.include({ upstream: null, since: null });
  });

  it('the reported upstream state is kept while the connection is stalled', async () => {
    const at = await scene({ watchdogMs: 1_000 });
    const visit = await connect(at, frame('upstream', { state: 'lost', since }));
    await at.until('waiting-upstream');
    at.clock.advance(1_000);
    expect(at.now).to.include({ status: 'stalled', upstream: 'lost' });
    visit.send(':\n');
    await at.until('waiting-upstream');
  });

  it('the upstream state counts from now without a valid time, and has no effect with an unknown state', async () => {
    const at = await scene();
    const visit = await connect(at, frame('upstream', { state: 'tired' }));
    await at.until('connected');
    visit.send(frame('upstream', { state: 'lost', since: 7 }));
    expect((await at.until('waiting-upstream')).since).to.equal(at.clock.time);
  });

  it('sse-proxy:upstream reaches every tab, also one that joins later', async () => {
    const world = new World();
    const run = async () => {
      do await new Promise((resolve) => setImmediate(resolve));
      while (world.step(0));
    };
    const tabs = [world.open({}), world.open({})];
    await run();
    for (const connection of world.connections) connection.write(frame('upstream', { state: 'lost', since }));
    await run();
    tabs.push(world.open({}));
    await run();
    for (const { stream } of tabs)
      expect(stream.getSnapshot()).to.include({
        status: 'waiting-upstream',
        upstream: 'lost',
        since: Date.parse(since),
      });
    for (const connection of world.connections) connection.write(frame('upstream', { state: 'restored', since }));
    await run();
    for (const { stream } of tabs) expect(stream.getSnapshot()).to.include({ status: 'connected', since: null });
  });
});

describe('sse-proxy:refused', () => {
  const scene = stage();

  for (const [status, expected] of [
    [403, 'unauthorized'],
    [404, 'closed'],
    [503, 'refused'],
  ] as const)
    it(`sse-proxy:refused with status ${status} leads to ${expected} [R6]`, async () => {
      const at = await scene();
      at.stream.connect();
      (await at.server.next()).open(frame('refused', { reason: 'upstream', status, retryMs: 5_000 }));
      const { lastError, retryAt } = await at.until(expected);
      expect(lastError).to.include({ code: 'REFUSED', status, reason: 'upstream' });
      expect(retryAt).to.equal(expected === 'refused' ? at.clock.time + 5_000 : null);
    });
});

describe('sse-proxy:gap', () => {
  const scene = stage();

  it('sse-proxy:gap passes on the id of an event that is missing [R34]', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open(`${frame('gap', { reason: 'event-too-large', id: '7' })}data: x\n\n`);
    await at.received(1);
    expect(at.now.entries.at(0)).to.include({ kind: 'gap', reason: 'event-too-large', id: '7' });
  });
});

describe('an unknown event of the proxy', () => {
  const scene = stage();

  it('an unknown event of the proxy does not enter the list and does not end the stream', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = (await at.server.next()).open(`${frame('news', 1)}event: sse-proxy:news\ndata: {\n\ndata: x\n\n`);
    await at.received(1);
    expect(at.data).to.deep.equal(['x']);
    expect(at.now.status).to.equal('connected');
    expect(visit.isGone).to.equal(false);
  });
});
