import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import { sseProxy } from '../src/index.ts';
import { witness } from './support/app.ts';
import { environments } from './support/environments.ts';
import { cleaner, until } from './support/until.ts';
import { rawUpstream } from './support/upstream.ts';
import type { Visit } from './support/visit.ts';

/** What has happened to the response before the handler runs. */
const accidents: [name: string, happens: (it: { res: ServerResponse; browser: Visit }) => unknown][] = [
  [
    'the browser has left',
    async ({ res, browser }) => {
      const closed = new Promise((resolve) => res.on('close', resolve));
      browser.leave();
      await closed;
    },
  ],
  ['the response was destroyed in the same turn', ({ res }) => res.destroy()],
  ['the response has ended', ({ res }) => res.end('other')],
  [
    'the response has ended and was sent',
    async ({ res }) => {
      const closed = new Promise((resolve) => res.on('close', resolve));
      res.end('other');
      await closed;
    },
  ],
];

describe('a handler that runs too late holds nothing', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  for (const environment of environments.filter(({ name }) => /^(node:http|node:https|HTTP\/2|Duplex)$/.test(name))) {
    for (const [accident, happens] of accidents) {
      it(`a handler holds nothing if ${accident} before it runs (${environment.name}) [R42] [row 43]`, async () => {
        const up = add(await rawUpstream((request) => request.begin()), (it) => it.close());
        const seen = witness();
        let permits = 0;
        const limits = {
          acquire: () => {
            permits++;
            return { ok: true as const, release: () => permits-- };
          },
        };
        const proxies = [false, true].map((share) => sseProxy({ target: up.url, share, limits, observers: [seen] }));
        const waiting: { req: IncomingMessage; res: ServerResponse }[] = [];
        const running = add(await environment.start((req, res) => void waiting.push({ req, res })), (it) => it.close());
        for (const proxy of proxies) {
          const browser = add(running.visit(), (it) => it.leave());
          const { req, res } = await until(() => waiting.shift());
          await happens({ res, browser });
          const listeners = () => [res.listenerCount('close'), res.listenerCount('error')];
          const before = listeners();
          proxy(req as never, res as never, () => {});
          await new Promise(setImmediate);
          const { open, opening, refused } = proxy.stats();
          expect([open, opening, refused, permits, up.requests.length]).to.deep.equal([0, 0, 0, 0, 0]);
          expect(listeners()).to.deep.equal(before);
          await proxy.close();
          browser.leave();
        }
        expect([seen.opens, seen.refusals, seen.errors]).to.deep.equal([[], [], []]);
      });
    }
  }
});
