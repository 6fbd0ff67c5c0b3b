import { once } from 'node:events';
import tls from 'node:tls';
import { expect } from 'chai';
import type { SseEvent, SseProxyOptions } from '../src/types.ts';
import { selfSigned } from './support/certificate.ts';
import { stage } from './support/stage.ts';
import { tlsUpstream } from './support/tls-upstream.ts';
import { until } from './support/until.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
const event = (n: number | string) => `id: ${n}\ndata: ${n}\n\n`;

describe("the upstream's body on the fast path", () => {
  const { add, clean, upstream, app, visit } = stage({ resume: false, retryMs: false, heartbeatMs: false });
  afterEach(clean);

  /** Connects a browser to an upstream that responds with exactly these bytes, each part in a packet of its own. */
  async function proxied(parts: string[], options: Partial<SseProxyOptions> = {}) {
    const up = await upstream(async ({ socket }) => {
      socket.setNoDelay();
      for (const part of parts) await new Promise((resolve) => socket.write(part, 'latin1', resolve));
    });
    const { port, witness } = await app({ target: up.url, ...options });
    return { up, browser: visit(port), witness };
  }

  const whole = head + chunk(event(1)) + chunk(event(2));
  for (const [name, parts] of Object.entries({
    'behind the head in one packet': [whole],
    'in single bytes, head and all': [...whole],
    'behind an unrequested 100 Continue [R59]': [`HTTP/1.1 100 Continue\r\n\r\n${whole}`],
    'behind 103 Early Hints [R59]': [`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${whole}`],
    'behind 103 Early Hints, in single bytes [R59]': [...`HTTP/1.1 103 Early Hints\r\n\r\n${whole}`],
    'with extensions to its chunks': [head, `${event(1).length.toString(16)};a=b\r\n${event(1)}\r\n`, chunk(event(2))],
    'in chunks that end anywhere': [head, ...[...(event(1) + event(2))].map(chunk)],
    'of an upstream that names the coding in capitals': [whole.replace('chunked', 'Chunked')],
    // Undici reads the following.
    'of a known length': [
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100\r\n\r\n${event(1)}`,
      event(2),
    ],
    'that ends with the connection': [
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${event(1)}`,
      event(2),
    ],
    'of an HTTP/1.0 upstream': [`HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${event(1)}`, event(2)],
  })) {
    for (const fastPath of [true, false]) {
      it(`delivers a body ${name}${fastPath ? '' : ', fastPath: false'}`, async () => {
        const { browser } = await proxied(parts, { fastPath });
        expect(await browser.sees(event(2))).to.equal(event(1) + event(2));
      });
    }
  }

  for (const [name, field, fastPath] of [
    ['chunks', 'Transfer-Encoding: chunked', true],
    // Undici reads the following.
    ['a known length', '', true],
  ] as const) {
    it(`slows the upstream down while a browser does not read, and loses nothing (${name})`, async () => {
      const events = Array.from({ length: 2_500 }, (_, n) => `id: ${n}\ndata: ${'x'.repeat(10_000)}\n\n`);
      const all = events.join('');
      let sent = 0;
      const up = await upstream(async ({ socket }) => {
        socket.write(
          `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${field || `Content-Length: ${all.length}`}\r\n\r\n`,
        );
        for (const one of events) {
          if (!socket.write(field ? chunk(one) : one)) await once(socket, 'drain');
          sent++;
        }
      });
      const { port, proxy } = await app({ target: up.url, fastPath });
      const browser = visit(port);
      await browser.opened();
      browser.socket.pause();
      await until(() => proxy.stats().bufferedBytes > 0);
      // The kernel buffers some 12 MB; the upstream must keep part of the 25 MB while the browser does not read.
      let before = -1;
      let still = 0;
      await until(() => {
        still = sent === before ? still + 1 : 0;
        before = sent;
        return still === 50 || sent === events.length;
      });
      expect(sent).to.be.below(events.length);
      browser.socket.resume();
      await browser.sees(`id: ${events.length - 1}\n`);
      await until(() => browser.body().length === all.length);
      expect(browser.body() === all).to.equal(true);
    });
  }

  it('ends the stream at the last chunk, closes the upstream connection and drops trailers [R11]', async () => {
    const { up, browser, witness } = await proxied([`${whole}0\r\nX-Trailer: secret\r\n\r\n`]);
    await until(() => browser.complete());
    expect(browser.body()).to.equal(event(1) + event(2));
    expect(browser.wire()).not.to.include('secret');
    await until(() => up.open() === 0);
    expect(witness.closes.map(({ reason }) => reason)).to.deep.equal(['upstream-ended']);
  });

  for (const ending of ['end', 'reset'] as const) {
    it(`delivers the whole events before it reports that the upstream broke off (${ending})`, async () => {
      const up = await upstream(({ socket }) => {
        // A reset discards bytes that were not read yet: it must not be sent before the last byte arrived.
        socket.write(whole, 'latin1', () => (ending === 'end' ? socket.end() : undefined));
      });
      const { port, witness } = await app({ target: up.url });
      const browser = visit(port);
      if (ending === 'reset') {
        await browser.sees(event(2));
        (await up.request()).reset();
      }
      await until(() => browser.closed());
      expect(browser.body()).to.equal(event(1) + event(2));
      expect(browser.complete()).to.equal(false);
      expect(witness.errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_UPSTREAM_BROKEN']);
    });
  }

  it('resumes from the last whole event after a fault in the chunked coding', async () => {
    const up = await upstream();
    const { port, witness } = await app({
      target: up.url,
      resume: { minDelayMs: 1, maxDelayMs: 1, maxOutageMs: 60_000 },
    });
    const browser = visit(port);
    const first = await up.request();
    first.raw(`${whole}5\r\nid: 3\ndata: too long for its size\n\n\r\n`);
    const second = await up.request(1);
    expect(second.headers['last-event-id']).to.equal('2');
    second.begin();
    second.send(event(3));
    expect(await browser.sees(event(3))).to.equal(event(1) + event(2) + event(3));
    await until(() => first.closed());
    expect(witness.gaps).to.deep.equal([]);
  });

  it('breaks the browser’s response after a fault in the chunked coding if resume is off [R3]', async () => {
    const { browser, witness } = await proxied([`${whole}zz\r\n`]);
    await until(() => browser.closed());
    expect(browser.body()).to.equal(event(1) + event(2));
    expect(browser.complete()).to.equal(false);
    expect(witness.errors[0]?.error.message).to.equal(
      'the upstream broke the chunked coding: no chunk size where one is due',
    );
  });

  it('delivers a body over TLS', async () => {
    const identity = selfSigned();
    const before = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...before, identity.cert]);
    add(before, (certificates) => tls.setDefaultCACertificates(certificates));
    const up = add(await tlsUpstream(identity), (it) => it.close());
    const { port } = await app({ target: up.url });
    expect(await visit(port).sees('over TLS\n\n')).to.equal('data: over TLS\n\n');
  });

  it('delivers a body from a host name with several addresses of which one listens', async () => {
    const up = await upstream(({ raw }) => raw(whole));
    const { port } = await app({ target: `http://localhost:${up.port}/logs` });
    expect(await visit(port).sees(event(2))).to.equal(event(1) + event(2));
  });

  const modes: Record<string, Partial<SseProxyOptions>> = {
    'past the response': {},
    transformed: { transform: (it: SseEvent) => new Promise((resolve) => setImmediate(() => resolve(it))) },
    shared: { share: true },
    'through a wrapped response': {},
  };
  for (const [name, options] of Object.entries(modes)) {
    it(`gives each of many concurrent streams its own bytes (${name})`, async () => {
      const streams = 24;
      const perStream = 120;
      const bodyOf = (stream: string) =>
        Array.from(
          { length: perStream },
          (_, n) => `id: ${stream}-${n}\ndata: ${stream.repeat(1 + ((n * 37) % 400))}\n\n`,
        );
      const up = await upstream(async ({ line, socket }) => {
        const stream = /stream=(\d+)/.exec(line)?.[1] ?? '';
        socket.write(head);
        const all = bodyOf(stream).join('');
        // The chunks end anywhere in an event; a few of them share each packet, and all streams send in turn.
        for (let at = 0, size = 1; at < all.length; size = (size * 7 + 3) % 1_900) {
          const parts: string[] = [];
          for (let n = 0; n < 3 && at < all.length; n++, at += size + 1)
            parts.push(chunk(all.slice(at, at + size + 1)));
          socket.write(parts.join(''));
          await new Promise(setImmediate);
        }
      });
      const { port } = await app(
        { target: up.url, forwardQuery: ['stream'], ...options },
        {
          before: (it) =>
            void it.use((_, res, next) => {
              const write = res.write.bind(res) as (bytes: Buffer) => boolean;
              if (name.includes('wrapped')) res.write = ((bytes: Buffer) => write(bytes)) as typeof res.write;
              next();
            }),
        },
      );
      const browsers = Array.from({ length: streams }, (_, n) => visit(port, `/sse?stream=${100 + n}`));
      // Some browsers don't read for a while, so that their bytes are buffered.
      for (const browser of browsers.slice(0, 6)) browser.socket.pause();
      await until(() =>
        browsers.slice(6).every((it, n) => it.body().endsWith(bodyOf(String(106 + n)).at(-1) as string)),
      );
      for (const browser of browsers) browser.socket.resume();
      for (const [n, browser] of browsers.entries()) {
        const expected = bodyOf(String(100 + n));
        expect(await browser.sees(expected.at(-1) as string)).to.equal(expected.join(''));
      }
    });
  }
});
