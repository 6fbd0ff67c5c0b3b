import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Child, startChild } from '../../../test/scale/support/child.ts';
import { needs } from '../../../test/support/needs.ts';
import { browse, type RawBrowser } from '../../sse-proxy/test/support/browser.ts';
import { cleaner, until } from '../../sse-proxy/test/support/until.ts';
import type { BffAnswers, BffSetUp } from './support/bff.ts';
import { RedisServer } from './support/redis-server.ts';

const script = new URL('./support/bff.ts', import.meta.url).href;
const hourMs = 3_600_000;
const leaseMs = 4_000;

describe('limits across three processes', () => {
  needs('redis');
  const { add, clean } = cleaner();
  let server: RedisServer;
  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server?.close());
  afterEach(clean);

  /** Three processes whose wall clocks differ by hours. */
  async function startThree(): Promise<Child<BffAnswers>[]> {
    const clocks = [0, hourMs, -hourMs];
    const children = await Promise.all(
      clocks.map((clockAheadMs) => {
        const setUp: BffSetUp = { redis: server.url, leaseMs, clockAheadMs };
        return startChild<BffAnswers>(script, [JSON.stringify(setUp)]);
      }),
    );
    return children.map((child) => add(child, (it) => it.stop()));
  }

  /** Opens a stream and waits for its first event, or for the refusal, of which it returns the code. */
  async function open(child: Child<BffAnswers>, workflow: string, user?: string) {
    const browser = add(browse(child.port, `/sse/${workflow}`, user ? { 'X-User': user } : {}), (it) => it.leave());
    await until(() => browser.body().includes('data: ') || browser.closed());
    const [, code] = /"code":"(\w+)"/.exec(browser.body()) ?? [];
    return { browser, code, isOpen: code === undefined };
  }

  it('a limit of 10 per workflow holds across all processes, also after one was killed with open streams', async () => {
    const processes = await startThree();
    const opened: { browser: RawBrowser; child: Child<BffAnswers> }[] = [];
    for (let n = 0; n < 15; n++) {
      const child = processes[n % 3]!;
      const { browser, code } = await open(child, 'w1');
      expect(code).to.equal(n < 10 ? undefined : 'ERR_SSE_LIMIT_KEY');
      if (!code) opened.push({ browser, child });
    }
    expect((await open(processes[0]!, 'w2')).isOpen).to.equal(true);

    await processes[0]!.stop();
    // The four streams of the killed process are forgotten when its lease ends, and no more than those.
    let reopened = 0;
    while (reopened < 4) {
      if ((await open(processes[1 + (reopened % 2)]!, 'w1')).isOpen) reopened++;
      else await sleep(100);
    }
    for (const child of processes.slice(1)) expect((await open(child, 'w1')).code).to.equal('ERR_SSE_LIMIT_KEY');
    for (const { browser, child } of opened) expect(browser.closed()).to.equal(child === processes[0]);
  });

  it('opens within a minute count in all processes, whatever their own clocks show', async () => {
    const processes = await startThree();
    for (let n = 0; n < 8; n++) {
      const { browser, code } = await open(processes[n % 3]!, `w${n}`, 'alice');
      expect(code).to.equal(n < 5 ? undefined : 'ERR_SSE_LIMIT_RATE');
      browser.leave();
    }
    expect((await open(processes[0]!, 'w1', 'bob')).isOpen).to.equal(true);
  });
});
