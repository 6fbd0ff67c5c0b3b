import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { freePorts } from '../support/free-ports.ts';
import { needs } from '../support/needs.ts';
import { Balancer } from './support/balancer.ts';
import { Bff, openStream } from './support/bff.ts';
import { Browser } from './support/h2.ts';
import { type Kind, kinds } from './support/kinds.ts';

const streamPath = '/dapadmin/l5-etl/sse/logs/stream?search=secret';
const firstLine = 'retry: 2000\n';
/** Long enough to be worth compressing. */
const longEvent = `data: ${'a'.repeat(2_000)}\n\n`;
const script = 'let n = 0;\n'.repeat(1_000);

for (const kind of kinds) {
  describe(`the shipped ${kind.name} configuration`, () => {
    needs(kind.name);
    const { add, clean } = cleaner();
    afterEach(clean);

    it(`${kind.name} sends the address of the browser to the BFF, and nothing that the browser claims [input 14]`, async () => {
      const { browser, bffs, balancer } = await start(kind, respondOk);
      await browser.request('/session', {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'evil.example',
      });
      const { httpVersion, headers } = requestsOf(bffs)[0]!;
      expect(httpVersion).to.equal('1.1');
      expect(headers.host).to.equal(new URL(balancer.origin).host);
      expect(headers['x-forwarded-for']).to.equal('127.0.0.1');
      expect(headers['x-forwarded-proto']).to.equal('https');
      expect(headers['x-forwarded-host']).to.be.oneOf([undefined, headers.host]);
    });

    it(`${kind.name} redirects to HTTPS`, async () => {
      const { balancer } = await start(kind, respondOk);
      const response = await fetch(`${balancer.plainOrigin}/page?n=1`, { redirect: 'manual' });
      expect(response.status).to.equal(308);
      expect(response.headers.get('location')).to.match(/^https:\/\/localhost(:\d+)?\/page\?n=1$/);
    });

    it(`${kind.name} compresses a script for browsers that accept it, and never a stream [row 35]`, async () => {
      const { browser } = await start(kind, (req, res) => {
        if (req.url === '/script') return void res.setHeader('content-type', 'text/javascript').end(script);
        openStream(res);
        res.write(longEvent);
      });
      for (const accepted of ['gzip', 'identity']) {
        const headers = { 'accept-encoding': accepted };
        const file = await browser.request('/script', headers);
        const bytes = await file.whole();
        expect(file.headers['content-encoding']).to.equal(accepted === 'gzip' ? 'gzip' : undefined);
        expect(String(accepted === 'gzip' ? gunzipSync(bytes) : bytes)).to.equal(script);
        const stream = await browser.request(streamPath, headers);
        expect(stream.headers['content-encoding']).to.equal(undefined);
        expect(String(await stream.body((body) => body.length >= longEvent.length))).to.equal(longEvent);
      }
    });

    it(`${kind.name} passes headers and each event on at once, and closes its request at once when the browser has left`, async () => {
      let open!: ServerResponse;
      const { browser } = await start(kind, (_req, res) => {
        open = res;
        openStream(res);
        // The proxy's first line. nginx holds the headers back until a byte of the body arrives.
        res.write(firstLine);
      });
      const stream = await browser.request(streamPath);
      expect(stream.status).to.equal(200);
      await stream.body((body) => String(body) === firstLine);
      for (let n = 1; n <= 20; n++) {
        open.write(`data: ${n}\n\n`);
        await stream.body((body) => body.includes(`data: ${n}\n\n`));
      }
      const left = once(open, 'close');
      stream.leave();
      await left;
    });

    it(`${kind.name} logs neither the query of a stream nor cookies`, async () => {
      const { browser, balancer } = await start(kind, (_req, res) => void res.end('end'));
      const stream = await browser.request(streamPath, { cookie: 'sid=secret' });
      await stream.whole();
      if (kind.name !== 'caddy') await until(async () => (await balancer.output()).includes('/sse/logs/stream'));
      expect(await balancer.output()).not.to.include('secret');
    });

    it(`${kind.name} sends a request to another BFF if one is not there`, async () => {
      const [closed] = await freePorts(1);
      const bff = await startBff(respondOk);
      const { browser } = await startWith(kind, [closed!, closed!, bff.port]);
      for (let n = 0; n < 6; n++) {
        const headers = { ':method': n % 2 ? 'POST' : 'GET' };
        expect((await browser.request('/session', headers, n % 2 ? 'body' : undefined)).status).to.equal(200);
      }
    });

    it(`${kind.name} never sends a POST to a second BFF after the first one has received it`, async () => {
      const { browser, bffs } = await start(kind, (req) => {
        req.resume().on('end', () => req.socket.destroy());
      });
      const posted = browser.request('/session/sign-out', { ':method': 'POST' }, 'body');
      // HAProxy reports that the request was not processed.
      const outcome = await posted.then(
        ({ status }) => status,
        ({ message }) => message,
      );
      expect(outcome).to.match(kind.name === 'haproxy' ? /REFUSED_STREAM/ : /^502$/);
      expect(requestsOf(bffs)).to.have.length(1);
    });

    it(`${kind.name} passes a 503 with its Retry-After on`, async () => {
      const { browser, bffs } = await start(kind, (_req, res) => void res.writeHead(503, { 'retry-after': '7' }).end());
      const posted = await browser.request('/session/sign-out', { ':method': 'POST' }, 'body');
      expect([posted.status, posted.headers['retry-after']]).to.deep.equal([503, '7']);
      expect(requestsOf(bffs)).to.have.length(1);
      const got = await browser.request(streamPath);
      expect([got.status, got.headers['retry-after']]).to.deep.equal([503, '7']);
      // nginx repeats a GET at the next BFF.
      expect(requestsOf(bffs)).to.have.length(kind.name === 'nginx' ? 4 : 2);
    });

    it(`${kind.name} responds to a stream with an event stream that ends, and to a page with an error, while there is no BFF`, async () => {
      const { browser } = await startWith(kind, await freePorts(3));
      const stream = await browser.request(streamPath);
      expect([stream.status, stream.headers['content-type']]).to.deep.equal([200, 'text/event-stream']);
      expect(stream.headers['cache-control']).to.equal('no-store');
      expect(String(await stream.whole())).to.equal('retry: 2000\n\n');
      expect((await browser.request('/')).status).to.be.oneOf([502, 503]);
    });

    if (kind.asksReady) {
      it(`${kind.name} sends nothing new to a BFF that drains, whose streams stay`, async () => {
        const { browser, bffs } = await start(kind, (_req, res) => openStream(res));
        for (let n = 0; n < 3; n++) await browser.request(streamPath);
        expect(
          bffs.map(({ requests }) => requests.length),
          'the fewest connections',
        ).to.deep.equal([1, 1, 1]);
        let ended = false;
        bffs[0]!.requests[0]!.socket.once('close', () => {
          ended = true;
        });
        bffs[0]!.isReady = false;
        const { asked } = bffs[0]!;
        await until(() => bffs[0]!.asked >= asked + 3);
        for (let n = 0; n < 6; n++) (await browser.request('/session')).leave();
        expect(bffs[0]!.requests).to.have.length(1);
        expect(ended).to.equal(false);
      });

      it(`${kind.name} serves pages although no BFF is ready, and responds to streams with a retry time`, async () => {
        const { browser, bffs } = await start(kind, respondOk);
        for (const bff of bffs) bff.isReady = false;
        await until(() => bffs.every(({ asked }) => asked >= 4));
        for (const [path, expected] of [
          ['/', 'ok'],
          [streamPath, 'retry: 2000\n\n'],
        ] as const) {
          const response = await browser.request(path);
          expect([response.status, String(await response.whole())]).to.deep.equal([200, expected]);
        }
      });
    }

    async function startBff(handler: (req: IncomingMessage, res: ServerResponse) => void): Promise<Bff> {
      return add(await Bff.start(handler), (it) => it.close());
    }

    async function start(kind: Kind, handler: (req: IncomingMessage, res: ServerResponse) => void) {
      const bffs = [await startBff(handler), await startBff(handler), await startBff(handler)];
      return {
        bffs,
        ...(await startWith(
          kind,
          bffs.map(({ port }) => port),
        )),
      };
    }

    async function startWith(kind: Kind, ports: readonly number[]) {
      const balancer = add(await Balancer.start(kind, ports), (it) => it.close());
      return { balancer, browser: add(await Browser.connect(balancer.origin), (it) => it.close()) };
    }
  });
}

function respondOk(_req: IncomingMessage, res: ServerResponse): void {
  res.end('ok');
}

function requestsOf(bffs: readonly Bff[]): IncomingMessage[] {
  return bffs.flatMap(({ requests }) => requests);
}
