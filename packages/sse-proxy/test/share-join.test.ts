import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { clock } from './support/clock.ts';
import { never, registryWith } from './support/registry.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

const resume = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };
const event = (n: number) => `id: ${n}\ndata: ${n}\n\n`;
const gaps = (body: string) =>
  [...body.matchAll(/sse-proxy:gap\ndata: \{"reason":"([\w-]+)"/g)].map(([, reason]) => reason);

describe("a browser that joins a shared feed later (share.join: 'fresh')", () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  async function shared(options: Partial<SseProxyOptions> = {}, answer?: (request: UpstreamRequestSeen) => void) {
    let isAway = false;
    const up = await upstream((request) => {
      if (isAway) request.reset();
      else if (answer) answer(request);
      else request.begin();
    });
    const proxied = await app({ target: up.url, resume, retryMs: false, heartbeatMs: false, share: true, ...options });
    const open = async (id?: string) => {
      const browser = visit(proxied.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id });
      await browser.opened();
      return browser;
    };
    const live = () => up.requests.filter(({ socket }) => !socket.destroyed && socket.writable);
    const emit = (bytes: string) => {
      for (const request of live()) request.send(bytes);
    };
    /** Opens the feed; its first browser gets event 1. */
    const begin = async () => {
      const first = await open();
      up.requests[0]?.send(event(1));
      await first.sees(event(1));
      return first;
    };
    /** Breaks the upstream, which then resets every connection until `restore()`. */
    const lose = async (first: Awaited<ReturnType<typeof open>>) => {
      isAway = true;
      up.requests[0]?.reset();
      await first.sees('"state":"lost"');
    };
    const restore = () => {
      isAway = false;
    };
    return { up, proxied, open, begin, live, emit, lose, restore };
  }

  it('a browser that joins gets what the upstream sends to a new connection, then the live feed, each event once', async () => {
    const tail = event(1) + event(2) + event(3);
    const { open, emit, live } = await shared({}, (request) => {
      request.begin();
      if (request.headers['last-event-id'] === undefined) request.send(`event: snapshot\ndata: {}\n\n${tail}`);
    });
    const first = await open();
    await first.sees(event(3));
    const later = await open();
    await later.sees(event(3));
    await until(() => live().length === 1);
    emit(event(4));
    for (const browser of [first, later])
      expect(await browser.sees(event(4))).to.equal(`event: snapshot\ndata: {}\n\n${tail}${event(4)}`);
  });

  it('joining costs one connection, however many browsers join meanwhile; each reads the connection from its start', async () => {
    const { up, open, live, begin } = await shared();
    await begin();
    const early = await open();
    const join = await up.request(1);
    join.send('data: snapshot\n\n');
    await early.sees('snapshot');
    const late = await Promise.all([open(), open(), open()]);
    for (const browser of late) await browser.sees('snapshot');
    expect(up.requests).to.have.length(2);
    for (const request of [join, up.requests[0]]) request?.send(event(2));
    for (const browser of [early, ...late])
      expect(await browser.sees(event(2))).to.equal(`data: snapshot\n\n${event(2)}`);
    await until(() => live().length === 1);
  });

  it('ends every join connection with its last browser, also one whose first events are forgotten [R40]', async () => {
    const snapshot = (n: number) => [1, 2, 3, 4].map((i) => `id: ${n}-${i}\ndata: ${n}-${i}\n\n`).join('');
    const { up, proxied, open, live } = await shared({ share: { replay: { maxEvents: 2 } } }, (request) => {
      request.begin();
      request.send(snapshot(up.requests.length));
    });
    const first = await open();
    await first.sees('1-4\n\n');
    const joined = [];
    for (const n of [2, 3, 4]) {
      const browser = await open();
      await browser.sees(`${n}-4\n\n`);
      joined.push(browser);
    }
    expect(live()).to.have.length(4);
    for (const browser of joined) browser.leave();
    await until(() => live().length === 1);
    expect(proxied.proxy.stats()).to.include({ open: 1, upstreamConnections: 1 });
  });

  it('a browser that joins starts at the live tip, with its id, if the upstream sends nothing to a new connection for a second', async () => {
    const { up, open, live, begin } = await shared();
    await begin();
    const later = await open();
    await up.request(1);
    expect(await later.sees('id: 1\n\n')).to.equal('id: 1\n\n');
    await until(() => live().length === 1);
    up.requests[0]?.send(event(2));
    expect(await later.sees(event(2))).to.equal(`id: 1\n\n${event(2)}`);
  });

  it('a browser that joins misses nothing that the live feed receives while the new connection is silent', async () => {
    const { up, open, live, begin } = await shared();
    await begin();
    const later = await open();
    await up.request(1);
    up.requests[0]?.send(event(2));
    expect(await later.sees(event(2))).to.equal(event(2));
    await until(() => live().length === 1);
    expect(gaps(later.body())).to.deep.equal([]);
  });

  it('a browser that joins moves to the live feed by the last id where the upstream gives the same event other bytes on each connection', async () => {
    let stamp = 0;
    const { open, live } = await shared({}, (request) => {
      request.begin();
      request.send(`id: 7\ndata: sent at ${++stamp}\n\n`);
    });
    const first = await open();
    await first.sees('sent at 1');
    const later = await open();
    expect(await later.sees('sent at')).to.equal('id: 7\ndata: sent at 2\n\n');
    await until(() => live().length === 1);
  });

  it('a browser that joins is not moved before the upstream’s other events with the last id have arrived', async () => {
    const { up, open } = await shared();
    const first = await open();
    up.requests[0]?.send('id: 7\ndata: a1\n\nid: 7\ndata: b1\n\n');
    await first.sees('b1');
    const later = await open();
    const join = await up.request(1);
    join.send('id: 7\ndata: a2\n\n');
    await later.sees('a2');
    // The comment reaches it: it still reads the join connection.
    join.send(': later\n');
    await later.sees('later');
    join.send('id: 7\ndata: b2\n\n');
    expect(await later.sees('b2')).to.equal('id: 7\ndata: a2\n\n: later\nid: 7\ndata: b2\n\n');
  });

  it('a browser that joins is not moved before other events with the last id where more events share the last id than replay holds [R35]', async () => {
    const same = (text: string) => [...text].map((data) => `id: 7\ndata: ${data}\n\n`).join('');
    const { up, open } = await shared({ share: { replay: { maxEvents: 3 } } });
    const first = await open();
    up.requests[0]?.send(same('abcdef'));
    await first.sees(same('f'));
    const later = await open();
    const join = await up.request(1);
    join.send(same('abc'));
    await later.sees(same('c'));
    join.send(same('def'));
    up.requests[0]?.send(event(8));
    expect(await later.sees(event(8))).to.equal(`${same('abcdef')}${event(8)}`);
  });

  it('a browser that joins is not sent the history for which the feed was opened', async () => {
    const { up, open } = await shared({}, (request) => {
      request.begin();
      if (request.headers['last-event-id'] === '1') request.send(event(2) + event(3));
    });
    const old = await open('1');
    const fresh = await open();
    await old.sees(event(3));
    for (const request of up.requests) request.send(event(4));
    expect(await fresh.sees(event(4))).to.equal(event(4));
  });

  it('joining costs no second connection while the feed has received nothing', async () => {
    const { up, open } = await shared();
    const browsers = [await open(), await open(), await open()];
    up.requests[0]?.send(event(1));
    for (const browser of browsers) expect(await browser.sees(event(1))).to.equal(event(1));
    expect(up.requests).to.have.length(1);
  });

  it('a browser that joins gets the report of a lost upstream, and joins afresh with a gap when that is back', async () => {
    const { open, live, lose, restore } = await shared({}, (request) => {
      request.begin();
      request.send('data: snapshot\n\n');
    });
    const first = await open();
    await first.sees('snapshot');
    await lose(first);
    const later = await open();
    await later.sees('"state":"lost"');
    restore();
    const body = await later.sees('snapshot');
    expect(body).to.match(/"state":"lost"[\s\S]*"state":"restored"[\s\S]*"reason":"unmatched"[\s\S]*data: snapshot/);
    expect(live().length).to.be.at.most(2);
  });

  it('a browser that joins loses nothing of what arrives together with the head of its connection, however slowly it reads', async () => {
    const { open, lose, restore } = await shared(
      { transform: async (it) => it, share: { replay: { maxEvents: 2 } } },
      (request) => {
        const isFresh = request.headers['last-event-id'] === undefined;
        request.socket.cork();
        request.begin();
        if (isFresh) request.send([1, 2, 3, 4, 5].map(event).join(''));
        request.socket.uncork();
      },
    );
    const first = await open();
    await first.sees(event(5));
    await lose(first);
    const later = await open();
    await later.sees('"state":"lost"');
    restore();
    expect(await later.sees(event(5))).to.include([1, 2, 3, 4, 5].map(event).join(''));
  });

  it('a browser that joins loses nothing if it joins while a connection that others wait for has no headers yet', async () => {
    const { up, proxied, open, lose, restore } = await shared({ share: { replay: { maxEvents: 2 } } }, (request) => {
      if (up.requests.length > 1 && request.headers['last-event-id'] === undefined) return;
      request.begin();
    });
    const first = await open();
    up.requests[0]?.send([1, 2, 3, 4, 5].map(event).join(''));
    await first.sees(event(5));
    await lose(first);
    const early = await open();
    await early.sees('"state":"lost"');
    restore();
    const join = await until(() =>
      up.requests.find((it, n) => n > 0 && it.socket.writable && !it.headers['last-event-id']),
    );
    const late = visit(proxied.port);
    await until(() => proxied.proxy.stats().opening === 1);
    join.socket.cork();
    join.begin();
    join.send([1, 2, 3, 4, 5].map(event).join(''));
    join.socket.uncork();
    for (const browser of [early, late])
      expect(await browser.sees(event(5))).to.include([1, 2, 3, 4, 5].map(event).join(''));
  });

  it('a browser that joins gets all of a finite stream, though the live feed has got its end before [R33]', async () => {
    const { up, proxied, open } = await shared();
    const first = await open();
    up.requests[0]?.send('data: 1\n\ndata: 2\n\n');
    await first.sees('data: 2');
    const later = await open();
    const join = await up.request(1);
    join.send('data: 1\n\n');
    await later.sees('data: 1');
    const opening = visit(proxied.port);
    await until(() => proxied.proxy.stats().open === 3);
    up.requests[0]?.end();
    await first.sees('sse-proxy:end');
    join.send('data: 2\n\n');
    join.end();
    for (const browser of [later, opening])
      expect(await browser.sees('"upstream-ended"')).to.match(/^data: 1\n\ndata: 2\n\nevent: sse-proxy:end\n/);
    await until(() => proxied.proxy.stats().upstreamConnections === 0);
  });

  it('a browser that joins is refused with the status that the upstream gives to a new connection', async () => {
    const { up, open, begin } = await shared({}, (request) => {
      if (up.requests.length === 1) request.begin();
      else request.raw('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    });
    const first = await begin();
    expect((await open()).status()).to.equal(403);
    up.requests[0]?.send(event(2));
    await first.sees(event(2));
  });

  it("a browser starts at the tip at once with share.join: 'live', and gets the tip's id", async () => {
    const { up, open, begin } = await shared({ share: { join: 'live' } });
    await begin();
    const later = await open();
    expect(await later.sees('id: 1\n\n')).to.equal('id: 1\n\n');
    expect(up.requests).to.have.length(1);
  });

  it("a browser joins afresh with share.ids: 'assign': first without ids, then with the feed's", async () => {
    const { up, open, live, emit } = await shared({ share: { ids: 'assign' } }, (request) => {
      request.begin();
      request.send('event: snapshot\ndata: {}\n\n');
    });
    const first = await open();
    up.requests[0]?.send(event(1));
    await first.sees('data: 1\n\n');
    const later = await open();
    await later.sees('snapshot');
    emit(event(2));
    const body = await later.sees('data: 2\n\n');
    expect(body).to.match(/^event: snapshot\ndata: \{\}\n\nid: [0-9a-f]{8}-3\ndata: 2\n\n$/);
    await until(() => live().length === 1);
  });
});

describe("a join connection that can't be matched, by a clock that the test turns", () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  /** `isSlow`: the browser that joins later can take nothing more after each event. */
  async function joined(isSlow = false) {
    const { upstream, registry, take } = registryWith({ join: 'fresh' });
    const read = async (hasRoom = true) => {
      const text: string[] = [];
      const subscription = take();
      await subscription.ready;
      const onFrames = (buffer: Buffer, start: number, end: number) => {
        text.push(buffer.toString('latin1', start, end));
        return hasRoom;
      };
      const onControlEvent = (bytes: Buffer) => void text.push(bytes.toString());
      subscription.deliverTo({ onFrames, onControlEvent, onLagging: never, onEnd: () => {} });
      return () => text.join('');
    };
    const send = (at: number, bytes: string) => {
      upstream.live[at]?.queue(bytes);
      upstream.live[at]?.arrive(1_000, 1_000);
    };
    const first = await read();
    send(0, 'data: before\n\n');
    const later = await read(!isSlow);
    return { upstream, registry, first, later, send };
  }

  it('a join connection is kept for a browser that takes nothing more, without a gap [R30]', async () => {
    const { upstream, later, send } = await joined(true);
    send(1, 'data: joined\n\n');
    for (let second = 1; second <= 20; second++) {
      send(0, `data: live ${second}\n\n`);
      clock.tick(1_000);
    }
    expect([upstream.connections, later()]).to.deep.equal([2, 'data: joined\n\n']);
  });

  it('a join connection is left for the tip, with a gap, after ten seconds of live events', async () => {
    const { upstream, registry, later, send } = await joined();
    for (let second = 1; second <= 10; second++) {
      expect([upstream.connections, gaps(later())]).to.deep.equal([2, []]);
      send(0, `data: live ${second}\n\n`);
      send(1, `data: joined ${second}\n\n`);
      clock.tick(1_000);
    }
    expect([upstream.connections, gaps(later())]).to.deep.equal([1, ['unmatched']]);
    send(0, 'data: live 11\n\n');
    expect(later()).to.match(/^(data: joined \d+\n\n){10}event: sse-proxy:gap\n.*\n\ndata: live 11\n\n$/);
    registry.close();
  });

  it('a join connection is kept for any time without live events', async () => {
    const { upstream, registry, later, send } = await joined();
    send(1, 'id: snapshot\ndata: snapshot\n\n');
    clock.tick(600_000);
    expect([upstream.connections, later()]).to.deep.equal([2, 'id: snapshot\ndata: snapshot\n\n']);
    for (const at of [0, 1]) send(at, event(1));
    expect([upstream.connections, later()]).to.deep.equal([1, `id: snapshot\ndata: snapshot\n\n${event(1)}`]);
    registry.close();
  });

  it('a join connection is left without a gap when, without ids, both are quiet and the same event came last', async () => {
    const { upstream, registry, later, send } = await joined();
    send(1, 'data: greeting\n\n');
    send(0, 'data: a\n\n');
    clock.tick(2_500);
    expect(upstream.connections).to.equal(2);
    send(1, 'data: a\n\n');
    clock.tick(2_500);
    expect(upstream.connections).to.equal(1);
    send(0, 'data: b\n\n');
    expect(later()).to.equal('data: greeting\n\ndata: a\n\ndata: b\n\n');
    registry.close();
  });
});
