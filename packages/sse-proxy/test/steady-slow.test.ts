import { expect } from 'chai';
import { sseProxy } from '../src/index.ts';
import { witness } from './support/app.ts';
import { environments } from './support/environments.ts';
import { flood, numbered } from './support/flood.ts';
import { cleaner, until } from './support/until.ts';
import { rawUpstream } from './support/upstream.ts';

const transports = ['node:http', 'node:https', 'HTTP/2', 'HTTP/2 TLS', 'Duplex'];

describe('maxStallMs counts from the last byte that the browser took', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  for (const environment of environments.filter(({ name }) => transports.includes(name))) {
    for (const fastPath of environment.name.startsWith('node:') ? [true, false] : [true]) {
      const where = `${environment.name}${fastPath ? '' : ', fastPath: false'}`;

      // Takes longer than maxStallMs to pass. On TCP more than the kernel's buffers of both sides hold.
      const eventBytes = ({ 'node:http': 14, 'node:https': 8 }[environment.name] ?? 4) * 1_048_576;

      // The kernel reports space in a full send buffer only once a sixteenth of it is free, after many small reads.
      const maxStallMs = { 'node:http': 600, 'node:https': 1_000 }[environment.name] ?? 400;

      async function opened() {
        const up = add(await rawUpstream((request) => request.begin()), (it) => it.close());
        const seen = witness();
        const slowClient = { maxStallMs, maxBufferedBytes: 2 * eventBytes };
        const proxy = add(
          sseProxy({ target: up.url, maxEventBytes: 2 * eventBytes, slowClient, fastPath, observers: [seen] }),
          (it) => it.close(),
        );
        const listener = (req: unknown, res: unknown) => proxy(req as never, res as never, () => {});
        const running = add(await environment.start(listener), (it) => it.close());
        const browser = add(running.visit(), (it) => it.leave());
        await until(() => browser.status() === 200);
        browser.pause();
        return { proxy, seen, browser, request: await up.request() };
      }

      it(`does not evict a browser that takes one large event piece by piece (${where})`, async () => {
        const { seen, browser, request, proxy } = await opened();
        request.send(numbered(1, eventBytes));
        await until(() => proxy.stats().bufferedBytes > 0);
        const sipping = add(
          setInterval(() => browser.sip(), 4),
          clearInterval,
        );
        await until(() => browser.received() >= eventBytes || seen.closes.length > 0);
        clearInterval(sipping);
        expect(seen.evictions).to.deep.equal([]);
      });

      it(`evicts a browser that takes nothing (${where})`, async () => {
        const { seen, request } = await opened();
        void flood(request, 4_000, 16_384);
        await until(() => seen.evictions.length === 1);
        expect(seen.evictions[0]?.bound).to.equal('maxStallMs');
      });
    }
  }
});
