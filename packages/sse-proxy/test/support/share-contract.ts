import { expect } from 'chai';
import type { SseProxyOptions } from '../../src/types.ts';
import type { RawBrowser } from './browser.ts';
import { type EventLog, eventLog } from './event-log.ts';
import { until } from './until.ts';

/** Where browsers connect in {@link shareContract}. */
export interface ContractFleet {
  /** Opens a browser at an instance, 0 or 1, which may be the same. */
  open(instance: 0 | 1, lastEventId?: string): RawBrowser;
}

/** Starts instances with these options, and with feeds that they share; what it starts ends with the test. */
export type StartFleet = (options: SseProxyOptions) => Promise<ContractFleet>;

/** Keeps things to close after each test. */
type Add = <T>(thing: T, undo: (thing: T) => unknown) => T;

/** What browsers get from a shared feed, whether it is shared in one process or between several. */
export function shareContract(add: Add, start: StartFleet): void {
  async function set(options: Partial<SseProxyOptions> = {}) {
    const log = add(await eventLog(), (it) => it.close());
    const resume = { minDelayMs: 1, maxDelayMs: 20 };
    const fleet = await start({ target: log.url, name: 'logs', resume, retryMs: false, ...options });
    return { log, fleet };
  }

  /** A browser at each instance, which have `count` events over one upstream connection. */
  async function pair(count: number, options: Partial<SseProxyOptions> = {}) {
    const { log, fleet } = await set(options);
    const browsers = [await fleet.open(0).opened(), await fleet.open(1).opened()];
    log.emit(count);
    await allHave(browsers, log, 1);
    await until(() => log.open === 1);
    return { log, fleet, browsers };
  }

  async function allHave(browsers: readonly RawBrowser[], log: EventLog, first: number) {
    for (const browser of browsers) await browser.sees(log.event(log.count));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(first, log.count));
  }

  it('delivers every event to all browsers over one upstream connection [R51]', async () => {
    const { log, browsers } = await pair(3);
    log.emit(3);
    await allHave(browsers, log, 1);
    expect(log.open).to.equal(1);
  });

  it('replays what a browser missed without another upstream request [R30]', async () => {
    const { log, fleet, browsers } = await pair(5);
    const requests = log.requests.length;
    const back = [fleet.open(0, '2'), fleet.open(1, '2')];
    await allHave(back, log, 3);
    log.emit(2);
    await allHave(back, log, 3);
    await allHave(browsers, log, 1);
    expect(log.requests.length).to.equal(requests);
  });

  it('resumes a lost upstream with the id of the last event', async () => {
    const { log, browsers } = await pair(2);
    log.cut();
    log.emit(2);
    await allHave(browsers, log, 1);
    expect(log.requests.at(-1)?.headers['last-event-id']).to.equal('2');
  });

  it('puts a gap in the place of an event that is too large, also for a browser that returns [R34]', async () => {
    const { log, fleet, browsers } = await pair(1, { maxEventBytes: 100 });
    log.send(`data: ${'x'.repeat(200)}\n\n`);
    log.emit(1);
    const back = fleet.open(1, '1');
    for (const browser of [...browsers, back]) {
      const body = await browser.sees(log.event(2));
      expect(body.split('"reason":"event-too-large"')).to.have.length(2);
      expect(body.indexOf('event-too-large')).to.be.below(body.indexOf(log.event(2)));
    }
  });

  it('delivers all of a finite stream without ids, then its end [R33]', async () => {
    const { log, fleet } = await set();
    const browsers = [await fleet.open(0).opened(), await fleet.open(1).opened()];
    await until(() => log.open > 0);
    log.send('data: one\n\n');
    log.send('data: two\n\n');
    for (const browser of browsers) await browser.sees('data: two');
    log.end();
    for (const browser of browsers) {
      const body = await browser.sees('"reason":"upstream-ended"');
      expect(body.startsWith('data: one\n\ndata: two\n\n')).to.equal(true);
    }
  });

  it('calls share.transform before events are stored', async () => {
    const { log, fleet } = await set({
      share: { transform: ({ id, data }) => ({ ...(id && { id }), data: `<${data}>` }) },
    });
    const browsers = [await fleet.open(0).opened(), await fleet.open(1).opened()];
    log.emit(2);
    for (const browser of browsers) await browser.sees('data: <2>');
    await until(() => log.open === 1);
    const back = fleet.open(1, '1');
    expect(await back.sees('data: <2>')).to.equal('id: 2\ndata: <2>\n\n');
  });
}
