import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { LogStore } from '../../examples/upstreams/log-store.js';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { needs } from '../support/needs.ts';
import { exampleBff, session } from './support/example-bff.ts';
import { exampleService } from './support/python.ts';
import { ReturningBrowser } from './support/returning-browser.ts';
import { Service, type ServiceSpec } from './support/service.ts';

const browsersPerRoute = 20;
/** Those of them that leave before each kill and come back after the restart. */
const returningPerRoute = 5;
const kills = 2;
/** Logs that every browser must have received between two kills. */
const logsPerRound = 10;
const token = 'secret';
const authorization = `Bearer ${token}`;

const expressService = (env: Record<string, string>): ServiceSpec => ({
  command: process.execPath,
  args: () => ['express-app.js'],
  cwd: fileURLToPath(new URL('../../examples/upstreams/', import.meta.url)),
  env,
});

for (const [framework, spec] of [
  ['Express', expressService],
  ['FastAPI', (env: Record<string, string>) => exampleService('FastAPI', env)],
  ['Flask', (env: Record<string, string>) => exampleService('Flask', env)],
] as const) {
  describe(`the log service with ${framework} in examples/upstreams`, () => {
    if (framework !== 'Express') needs('python');
    const all = cleaner();
    const each = cleaner();
    let path: string;
    let store: LogStore;
    let service: Service;

    before(async () => {
      const folder = all.add(mkdtempSync(join(tmpdir(), 'upstreams-')), (it) => rmSync(it, { recursive: true }));
      path = join(folder, 'logs.db');
      store = all.add(new LogStore(path), (it) => it.close());
      const env = { SSE_TOKEN: token, SQLITE_PATH: path, SSE_POLL_INTERVAL: '0.05', SSE_HEARTBEAT_INTERVAL: '0.1' };
      service = all.add(await Service.start(spec(env)), (it) => it.kill());
    });
    after(all.clean);
    afterEach(each.clean);

    const append = (count: number) => {
      for (let i = 0; i < count; i++) store.append({ number: store.bounds().last + 1 });
      return store.bounds().last;
    };
    const bff = async (bearer = token) => each.add(await exampleBff(service.origin, bearer), (it) => it.close());

    /** Responses to a request without the proxy; `text` grows. */
    async function get(url: string, headers: Record<string, string>) {
      const req = each.add(request(url, { agent: false, headers }).end(), (it) => it.destroy());
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      const response = { status: res.statusCode, headers: res.headers, text: '' };
      res.setEncoding('utf8').on('data', (text) => (response.text += text));
      res.on('error', () => {});
      return response;
    }

    it(`delivers every log of ${framework} once while it is killed twice under 40 browsers [row 4]`, async () => {
      const { dedicated, shared } = await bff();
      const writer = each.add(
        setInterval(() => append(2), 20),
        (it) => clearInterval(it),
      );
      const open = async (url: string) => {
        const oldest = store.bounds().last + 1;
        const browser = each.add(await ReturningBrowser.open(url), (it) => it.leave());
        return { browser, oldest, newest: store.bounds().last + 1 };
      };
      const routes = [dedicated, shared].map((url) =>
        Promise.all(Array.from({ length: browsersPerRoute }, () => open(url))),
      );
      const opened = (await Promise.all(routes)).flat();
      const browsers = opened.map(({ browser }) => browser);
      const returning = browsers.filter((_, index) => index % browsersPerRoute < returningPerRoute);
      const reached = (number: number) => until(() => browsers.every((browser) => browser.hasReached(number)));

      for (let round = 0; round < kills; round++) {
        await reached(store.bounds().last + logsPerRound);
        for (const browser of returning) browser.leave();
        await service.kill();
        await service.start();
        await Promise.all(returning.map((browser) => browser.return()));
      }
      await reached(store.bounds().last + logsPerRound);
      clearInterval(writer);
      const newest = store.bounds().last;
      await reached(newest);

      const epoch = store.epoch();
      for (const { browser, oldest, newest: latest } of opened) {
        const [first] = browser.received;
        // Exact from the moment at which the stream was opened.
        expect(first).to.be.within(oldest, latest);
        const numbers = Array.from({ length: newest - Number(first) + 1 }, (_, i) => Number(first) + i);
        expect(browser.received).to.deep.equal(numbers);
        expect(browser.ids).to.deep.equal(numbers.map((number) => `${epoch}-${number}`));
      }
    });

    it(`${framework} sends headers, retry, its position and heartbeats before the first log [R6] [R27]`, async () => {
      const last = append(1);
      const response = await get(service.url, { authorization });
      await until(() => response.text.split(': heartbeat\n').length > 2);

      expect(response.status).to.equal(200);
      expect(response.headers).to.include({ 'x-accel-buffering': 'no', 'transfer-encoding': 'chunked' });
      expect(response.headers).to.include({ 'cache-control': 'no-cache, no-transform' });
      expect(response.headers).to.not.have.any.keys('content-length', 'content-encoding');
      expect(response.headers['content-type']).to.equal('text/event-stream; charset=utf-8');
      expect(response.text).to.match(new RegExp(`^retry: 2000\\nid: ${store.epoch()}-${last}\\n\\n(: heartbeat\\n)+$`));
    });

    it(`${framework} responds to no token with 401 and to a wrong one with 403, which the BFF passes on`, async () => {
      const missing = await get(service.url, {});
      expect([missing.status, missing.headers['www-authenticate']]).to.deep.equal([401, 'Bearer']);
      expect((await get(service.url, { authorization: 'Bearer wrong' })).status).to.equal(403);
      expect((await get((await bff('wrong')).shared, session)).status).to.equal(403);
      expect((await get((await bff()).shared, {})).status, 'without a session').to.equal(403);
    });

    it(`${framework} responds with 503 and Retry-After while the database fails, and streams again after it`, async () => {
      const database = each.add(new DatabaseSync(path), (it) => it.close());
      database.exec('ALTER TABLE logs RENAME TO away');
      const failed = await get(service.url, { authorization });
      database.exec('ALTER TABLE away RENAME TO logs');

      expect([failed.status, failed.headers['retry-after']]).to.deep.equal([503, '5']);
      expect((await get(service.url, { authorization })).status).to.equal(200);
    });

    for (const [what, reason, idOf, firstOf] of [
      ['an id of another database', 'unknown-id', () => 'feedbeef-1', () => store.bounds().first],
      [
        'an id that was never given',
        'unknown-id',
        (last: number) => `${store.epoch()}-${last + 9}`,
        () => store.bounds().first,
      ],
      ['an id whose next log has been trimmed', 'trimmed', () => `${store.epoch()}-1`, (last: number) => last - 2],
    ] as const) {
      it(`${framework} reports a gap, then sends all logs that it has, to a browser with ${what} [R31]`, async () => {
        const last = append(5);
        const database = each.add(new DatabaseSync(path), (it) => it.close());
        database.prepare('DELETE FROM logs WHERE number < ?').run(last - 2);
        const id = idOf(last);
        const response = await get((await bff()).dedicated, { ...session, 'last-event-id': id });
        await until(() => response.text.includes(`-${last}\n`));

        const logs = Array.from({ length: 3 }, (_, i) => last - 2 + i);
        expect(firstOf(last)).to.equal(logs[0]);
        const events = logs.map((number) => `id: ${store.epoch()}-${number}\ndata: {"number":${number}}\n\n`);
        const text = response.text.replaceAll(/^(: .*|retry: .*)\n/gm, '');
        expect(text).to.equal(`event: sse-proxy:gap\ndata: {"reason":"${reason}"}\n\n${events.join('')}`);
      });
    }
  });
}
