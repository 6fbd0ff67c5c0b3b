import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Dispatcher } from 'undici';
import { flood, numbered, reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const child = fileURLToPath(new URL('support/close-child.ts', import.meta.url));

describe('close() resolves in time', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('close() disconnects a browser that reads nothing, without a complete response', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy } = await app({ target: up.url, slowClient: { maxStallMs: 600_000 } });
    const stuck = add(reader(port), (it) => it.leave());
    await stuck.opened();
    const request = await up.request();
    void flood(request, 4_000, 16_384);
    await until(() => proxy.stats().bufferedBytes > 0 && request.socket.writableNeedDrain);
    const reads = visit(port);
    await reads.opened();
    await proxy.close();
    await until(() => reads.closed());
    expect(reads.body()).to.include('event: sse-proxy:end\n');
    stuck.read();
    await until(() => stuck.closed());
    expect(stuck.complete()).to.equal(false);
    expect(proxy.stats()).to.include({ open: 0, bufferedBytes: 0, upstreamConnections: 0 });
  });

  it('close() disconnects a browser that has not read the end of a stream that the upstream ended', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url, slowClient: { maxStallMs: 600_000 } });
    const stuck = add(reader(port), (it) => it.leave());
    await stuck.opened();
    const request = await up.request();
    // More than the kernel holds, but less than makes the proxy pause the upstream.
    for (let n = 0; proxy.stats().bufferedBytes === 0; n++) {
      request.send(numbered(n, 16_384));
      await until(() => proxy.stats().events === n + 1);
    }
    request.end();
    await until(() => witness.closes.length === 1);
    expect(witness.closes[0]?.reason).to.equal('upstream-ended');
    expect(proxy.stats().bufferedBytes).to.be.above(0);
    expect(stuck.closed()).to.equal(false);
    await proxy.close();
    stuck.read();
    await until(() => stuck.closed());
    expect(stuck.complete()).to.equal(false);
  });

  it("close() resolves although a response's close is never emitted", async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app(
      { target: up.url },
      {
        before: (express) =>
          express.use((_, res, next) => {
            const { emit } = res;
            res.emit = (name: string, ...args: unknown[]) => name === 'close' || emit.call(res, name, ...args);
            next();
          }),
      },
    );
    const browser = visit(port);
    await browser.opened();
    await proxy.close({ graceMs: 10 });
    await until(() => browser.closed() && up.open() === 0);
    expect(proxy.stats()).to.include({ open: 0, upstreamConnections: 0 });
    expect(witness.closes.map(({ reason }) => reason)).to.deep.equal(['draining']);
  });

  it('close() disconnects a browser that stops reading during the grace time', async () => {
    const { app: proxied, browser, request } = await opened();
    const closing = proxied.proxy.close({ graceMs: 50 });
    browser.socket.pause();
    void flood(request, 4_000, 16_384);
    await closing;
    expect(proxied.proxy.stats()).to.include({ open: 0, bufferedBytes: 0 });
  });

  it('a request whose upstream responds at the moment of close() is opened or refused', async () => {
    for (let depth = 0; depth < 16; depth++) {
      let closing: Promise<void> | undefined;
      const dispatcher = new Answering(() => {
        let moment = Promise.resolve();
        for (let n = 0; n < depth; n++) moment = moment.then(() => {});
        void moment.then(() => {
          closing = proxied.proxy.close();
        });
      });
      const proxied = await app({ target: 'http://upstream/', dispatcher, retryMs: false });
      const browser = visit(proxied.port);
      await until(() => browser.complete());
      expect(browser.body(), `${depth} microtasks later`).to.match(/^event: sse-proxy:(refused|end)\n/);
      await closing;
      const { opens, closes, refusals } = proxied.witness;
      expect(opens.length + refusals.length).to.equal(1);
      expect(closes.length).to.equal(opens.length);
    }
  });

  it('close() lets the process exit, with feeds that linger, resume and connect', async () => {
    const up = await upstream();
    const server = spawn(process.execPath, [child, up.url], { stdio: ['ignore', 'pipe', 'inherit'] });
    add(server, (it) => it.kill('SIGKILL'));
    const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
    const port = Number((await lines.next()).value);
    const come = async (path: string, n: number) => {
      const browser = visit(port, path);
      (await up.request(n)).begin();
      return browser.opened();
    };
    const open = [await come('/dedicated', 0), await come('/shared', 1), await come('/asked', 2)];
    const resuming = await come('/resuming', 3);
    up.requests[3]?.send('id: 1\ndata: one\n\n');
    await resuming.sees('one\n\n');
    up.requests[3]?.reset();
    // This browser leaves and its feed lingers. With another identity it has a feed of its own.
    const left = visit(port, '/shared', { Authorization: 'a' });
    (await up.request(4)).begin();
    await left.opened();
    left.leave();
    const waiting = [visit(port, '/dedicated'), visit(port, '/pending')];
    await up.request(5);
    await until(() => up.requests[3]?.closed());

    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    const stats = JSON.parse(String((await lines.next()).value));
    expect(stats).to.include({ open: 0, opening: 0, sharedFeeds: 0, upstreamConnections: 0, opened: 5 });
    expect(await exited).to.deep.equal([0, null]);
    for (const browser of [...open, resuming, ...waiting]) {
      await until(() => browser.closed());
      expect(browser.complete()).to.equal(true);
      expect(browser.body()).to.include('"reason":"draining"');
    }
    await until(() => up.open() === 0);
  });
});

/** Responds to every request at once with the headers of an event stream, then calls `onAnswer`. */
class Answering extends Dispatcher {
  readonly #onAnswer: () => void;

  constructor(onAnswer: () => void) {
    super();
    this.#onAnswer = onAnswer;
  }

  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const controller = { pause() {}, resume() {}, abort() {} } as unknown as Dispatcher.DispatchController;
    setImmediate(() => {
      handler.onRequestStart?.(controller, {});
      handler.onResponseStart?.(controller, 200, { 'content-type': 'text/event-stream' });
      this.#onAnswer();
    });
    return true;
  }
}
