import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { streamPath } from '../../examples/datashop/src/demo.ts';
import { needs } from '../support/needs.ts';
import { launchBrowser } from './support/browser.ts';
import { type DatashopFleet, signIn, startFleet } from './support/datashop.ts';
import { Example, node } from './support/example.ts';
import { collectIds, counts, streamMode, untilFresh, visit, watchPages } from './support/page.ts';
import { alive } from './support/processes.ts';

describe('npm run start:fleet of Datashop', () => {
  needs('redis');
  needs('nginx');
  let fleet: DatashopFleet | undefined;
  afterEach(async () => {
    await fleet?.end();
    fleet = undefined;
  });
  // Behind the hook above: when this one fails, later ones don't run.
  watchPages();

  it('the log viewer loses and repeats no log while two of three BFFs, Redis and nginx are killed in turn', async () => {
    fleet = await startFleet();
    const { url, pids } = fleet;
    const chromium = await launchBrowser();
    try {
      const { page, allow } = await visit(chromium.browser, streamMode(url));
      // Console messages about a connection that a killed process breaks, or that is refused.
      allow(/net::ERR_(INCOMPLETE_CHUNKED_ENCODING|CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)|status of 502/);
      await collectIds(page, `${streamPath}?history=1`);
      await untilFresh(page, 3);
      await page.waitForFunction(() => window.ids.length >= 3);
      for (const names of [['bff-1', 'bff-2'], ['redis'], ['nginx']] as const) {
        for (const name of names) process.kill(pids[name], 'SIGKILL');
        const { fresh } = await counts(page);
        await untilFresh(page, fresh + 3);
        await page.waitForFunction(
          (seen) => window.ids.length > seen,
          await page.evaluate(() => window.ids.length + 3),
        );
      }
      const numbers = await page.evaluate(() => window.ids.map((id) => Number(id.slice(id.lastIndexOf('-') + 1))));
      const first = numbers[0]!;
      expect(numbers).to.deep.equal(numbers.map((_, index) => first + index));
      for (const name of ['bff-1', 'bff-2', 'redis', 'nginx']) {
        expect(fleet.example.stderr).to.match(new RegExp(`^${name} ended unexpectedly \\(SIGKILL\\)`, 'm'));
      }
      await page.context().close();
    } finally {
      await chromium.close();
    }
  });

  it('a session is valid at every BFF, and a limit counts in all of them', async () => {
    fleet = await startFleet();
    const cookie = await signIn(fleet.url);
    const users = await Promise.all(
      fleet.bffs.map(async (port) => (await fetch(`http://127.0.0.1:${port}/session`, { headers: { cookie } })).json()),
    );
    expect(users.map(({ user }) => user)).to.deep.equal(['ada', 'ada', 'ada']);

    const streams: ReadableStreamDefaultReader<Uint8Array>[] = [];
    const opened: string[] = [];
    for (let n = 0; n < 12; n++) {
      const port = fleet.bffs[n % 3];
      const headers = { cookie, accept: 'text/event-stream' };
      const response = await fetch(`http://127.0.0.1:${port}${streamPath}?history=1`, { headers });
      const reader = response.body!.getReader();
      streams.push(reader);
      const { value } = await reader.read();
      opened.push(new TextDecoder().decode(value).includes('sse-proxy:refused') ? 'refused' : 'open');
    }
    expect(opened).to.deep.equal([...Array(10).fill('open'), 'refused', 'refused']);
    for (const reader of streams) await reader.cancel();
    expect(await linesOf(fleet, 'access.log', 12)).to.have.members(['bff-1', 'bff-2', 'bff-3']);
    expect(await linesOf(fleet, 'audit.log', 12, 'who')).to.have.length(1);
  });

  /** The different values of a field in a log of all instances, once it has at least `count` lines. */
  async function linesOf({ data }: DatashopFleet, name: string, count: number, field = 'instance'): Promise<unknown[]> {
    for (;;) {
      const lines = (await readFile(join(data, name), 'utf8')).split('\n').slice(0, -1);
      if (lines.length >= count) return [...new Set(lines.map((line) => JSON.parse(line)[field]))];
      await setTimeout(50);
    }
  }

  it('npm run start:fleet ends at Ctrl-C without a process left, and has created only files and folders that their owner alone can read', async () => {
    fleet = await startFleet();
    const { data, example, pids } = fleet;
    await signIn(fleet.url);
    expect(example.stdout).to.match(/^Datashop logs: http:\/\/localhost:\d+\/\n$/);
    for (const entry of await readdir(data)) {
      expect(((await stat(join(data, entry))).mode & 0o077).toString(8), entry).to.equal('0');
    }
    example.interrupt();
    expect(await example.ended).to.deep.equal([0, null]);
    expect(Object.values(pids).filter(alive)).to.deep.equal([]);
  });
});

describe('npm run start:fleet without Redis', () => {
  it('npm run start:fleet without Redis names what is missing and the command that installs it, and starts nothing', async () => {
    const data = await mkdtemp(join(tmpdir(), 'datashop-e2e-'));
    const env = { PORT: '0', DATASHOP_DATA: data, PATH: '/nonexistent' };
    const example = new Example(node('examples/datashop/src/start-fleet.ts'), env);
    expect(await example.ended).to.deep.equal([1, null]);
    expect(example.stderr).to.match(/^start:fleet needs redis-server\b.*: (apt-get|brew) install .*\bredis\b.*\n$/);
    expect(await readdir(data)).to.deep.equal([]);
    await rm(data, { recursive: true });
  });
});
