// The cells of docs/why-not.md about other Node proxies. If one fails, a peer has changed: correct the page.
import { once } from 'node:events';
import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { peers } from './support/peers.ts';

/** What a browser has received. */
interface Browser {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  text: string;
  /** How the response ended; undefined while it is open. */
  end: 'complete' | 'broken' | undefined;
  leave(): void;
}

interface Behaviour {
  /** How the browser's response ends when the upstream's connection breaks within an event. */
  readonly broken: 'open' | 'broken';
  /** Status while the upstream can't be reached. `EventSource` gives up at any but 200. */
  readonly away: number;
  /** Status for a redirect of the upstream. */
  readonly redirect: number;
}

const expected: Record<keyof typeof peers, Behaviour> = {
  'sse-proxy': { broken: 'open', away: 200, redirect: 502 },
  'http-proxy-middleware': { broken: 'broken', away: 504, redirect: 302 },
  'http-proxy-3': { broken: 'open', away: 502, redirect: 302 },
  '@fastify/http-proxy': { broken: 'broken', away: 500, redirect: 302 },
  'express-http-proxy': { broken: 'open', away: 500, redirect: 302 },
};

describe('Node proxies in front of an event stream', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  async function upstream(respond: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
    const server = createServer(respond).listen(0, '127.0.0.1');
    await once(server, 'listening');
    add(server, (it) => void it.close().closeAllConnections());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Opens the stream of a peer in front of `target`. */
  async function open(name: string, target: string, headers: http.OutgoingHttpHeaders = {}): Promise<Browser> {
    const { port } = add(await peers[name]!(target), (it) => it.close());
    const request = { host: '127.0.0.1', port, path: '/stream', headers: { accept: 'text/event-stream', ...headers } };
    const req = http.get(request);
    const browser: Browser = {
      status: undefined,
      headers: {},
      text: '',
      end: undefined,
      leave: () => req.destroy(),
    };
    const end = (how: 'complete' | 'broken') => () => {
      browser.end ??= how;
    };
    req.on('error', end('broken')).on('response', (res) => {
      browser.status = res.statusCode;
      browser.headers = res.headers;
      res.setEncoding('utf8').on('data', (text) => {
        browser.text += text;
      });
      res.on('end', end('complete')).on('error', end('broken')).on('close', end('broken'));
    });
    return add(browser, (it) => it.leave());
  }

  for (const [name, { broken, away, redirect }] of Object.entries(expected)) {
    const isOurs = name === 'sse-proxy';

    const after = broken === 'open' ? 'leaves the response open' : 'breaks the response';
    const whole = 'passes on the event once and whole when the upstream breaks within it, and goes on';
    it(`${name} ${isOurs ? whole : `passes on half an event when the upstream breaks within it, and ${after}`}`, async () => {
      const streams: ServerResponse[] = [];
      const target = await upstream((_req, res) => {
        streams.push(res.writeHead(200, { 'content-type': 'text/event-stream' }));
        if (streams.length === 1) res.write('id: 1\ndata: one\n\n');
        else res.write('id: 2\ndata: half of it\n\n');
      });
      const browser = await once200(await open(name, target));
      const [first] = streams;
      let isGone = false;
      first?.socket?.once('close', () => {
        isGone = true;
      });
      first?.write('id: 2\ndata: half', () => first.socket?.destroy());
      await until(() => isGone && (broken === 'open' ? browser.text.includes('half') : browser.end));
      expect(browser.end).to.equal(broken === 'open' ? undefined : 'broken');
      const end = isOurs ? 'id: 2\ndata: half of it\n\n' : 'id: 2\ndata: half';
      expect(browser.text.slice(-end.length)).to.equal(end);
      expect(browser.text.split('id: 2')).to.have.length(2);
    });

    it(`${name} responds with ${away} while the upstream can not be reached`, async () => {
      const browser = await open(name, 'http://127.0.0.1:9');
      await until(() => browser.end);
      expect(browser.status).to.equal(away);
    });

    const fields = 'cookies of both sides and the upstream’s CORS fields';
    it(`${name} ${isOurs ? 'does not pass on' : 'passes on'} ${fields}, and ${isOurs ? 'forbids' : 'allows'} compression`, async () => {
      let cookie: string | undefined;
      const target = await upstream((req, res) => {
        cookie = req.headers.cookie;
        const own = { 'set-cookie': 'upstream=1', 'access-control-allow-origin': '*' };
        res.writeHead(200, { 'content-type': 'text/event-stream', ...own }).write('data: one\n\n');
      });
      const { headers } = await once200(await open(name, target, { cookie: 'session=secret' }));
      expect(cookie).to.equal(isOurs ? undefined : 'session=secret');
      expect(headers['set-cookie']).to.deep.equal(isOurs ? undefined : ['upstream=1']);
      expect(headers['access-control-allow-origin']).to.equal(isOurs ? undefined : '*');
      expect(/no-transform/.test(headers['cache-control'] ?? '')).to.equal(isOurs);
    });

    it(`${name} responds with ${redirect} to a redirect of the upstream`, async () => {
      const target = await upstream((_req, res) =>
        res.writeHead(302, { location: 'https://elsewhere.example/' }).end(),
      );
      const browser = await open(name, target);
      await until(() => browser.end);
      expect(browser.status).to.equal(redirect);
      expect(browser.headers.location).to.equal(isOurs ? undefined : 'https://elsewhere.example/');
    });

    it(`${name} ends the upstream request when the browser leaves`, async () => {
      let closed = false;
      const target = await upstream((_req, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
        res.once('close', () => {
          closed = true;
        });
      });
      const browser = await once200(await open(name, target));
      browser.leave();
      await until(() => closed);
    });
  }

  async function once200(browser: Browser): Promise<Browser> {
    await until(() => browser.text.includes('one'));
    expect(browser.status).to.equal(200);
    return browser;
  }
});
