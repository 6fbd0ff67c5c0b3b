import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { streamPath } from '../../examples/datashop/src/demo.ts';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { launchBrowser, type RealBrowser } from '../e2e/support/browser.ts';
import { visit, watchPages } from '../e2e/support/page.ts';
import { needs } from '../support/needs.ts';
import { Balancer } from './support/balancer.ts';
import { Datashop } from './support/datashop.ts';
import { kinds } from './support/kinds.ts';

declare global {
  interface Window {
    /** How often the stream was opened. */
    opens: number;
    /** Numbers of the logs that have arrived, in order. */
    numbers: number[];
  }
}

/** Console messages about a stream that is cut, and about a connection that is refused. */
const cut = /net::ERR_/;

describe('a live stream of Datashop in Chromium over HTTP/2', () => {
  needs('redis');
  needs('chromium');
  let chromium: RealBrowser;
  let datashop: Datashop;
  before(async () => {
    datashop = await Datashop.start({ HEARTBEAT_MS: '500', OPENS_PER_MINUTE: '1000', OPENS_PER_HOUR: '1000' });
    chromium = await launchBrowser();
  });
  after(async () => {
    await chromium?.close();
    await datashop?.end();
  });

  for (const kind of kinds) {
    describe(`behind ${kind.name}, as shipped`, () => {
      needs(kind.name);
      const { add, clean } = cleaner();
      afterEach(clean);
      watchPages();

      it(`each log arrives through ${kind.name} before the next is written, and a reload is not noticed [row 34]`, async () => {
        const { page, balancer, first } = await open();
        // Each must arrive before the next one, which could push it out of a buffer.
        for (let n = 0; n < 20; n++) await writeOne(page);
        const writing = flow();
        await balancer.reload();
        await writing.enough();
        await balancer.reload();
        await writing.enough();
        await writing.stop();
        await arrived(page, first);
        expect(await page.evaluate(() => window.opens)).to.equal(1);
      });

      for (const [signal, what] of [
        ['SIGKILL', 'is killed [row 26]'],
        ['SIGTERM', 'drains and starts again [row 25]'],
      ] as const) {
        it(`a stream through ${kind.name} loses and repeats no log when its BFF ${what}`, async () => {
          const { page, allow, first } = await open();
          allow(cut);
          await writeOne(page);
          const writing = flow();
          process.kill(await datashop.servingProcess(), signal);
          await page.waitForFunction(() => window.opens >= 2);
          await writing.stop();
          await arrived(page, first);
        });
      }

      it(`a stream through ${kind.name} loses and repeats no log when its BFF freezes`, async () => {
        const { page, allow, first } = await open();
        allow(cut);
        await writeOne(page);
        const frozen = await datashop.servingProcess();
        process.kill(frozen, 'SIGSTOP');
        add(frozen, (pid) => process.kill(pid, 'SIGCONT'));
        await page.waitForFunction(() => window.opens === 2);
        await writeOne(page);
        await arrived(page, first);
      });

      /** A page with a stream through the balancer, and the number of the first log that it will get. */
      async function open() {
        // A BFF that is silent for longer than two seconds is taken for frozen: four heartbeats.
        const balancer = add(await Balancer.start(kind, datashop.bffs, { silence: '2s' }), (it) => it.close());
        // A page without scripts, which would take most of the CPU time.
        const { page, allow } = await visit(chromium.browser, `${balancer.origin}/session`, {
          ignoreHTTPSErrors: true,
        });
        add(page, (it) => it.context().close());
        const devTools = await page.context().newCDPSession(page);
        const protocols: (string | undefined)[] = [];
        devTools.on('Network.responseReceived', ({ type, response }) => {
          if (type === 'EventSource') protocols.push(response.protocol);
        });
        await devTools.send('Network.enable');
        await page.evaluate(async (path) => {
          // Signs the visitor in. The session is stored before the response ends.
          await (await fetch('/')).arrayBuffer();
          window.opens = 0;
          window.numbers = [];
          const stream = new EventSource(path);
          stream.onopen = () => {
            window.opens += 1;
          };
          stream.onmessage = ({ data }) => window.numbers.push(Number(JSON.parse(data).message));
        }, `${streamPath}?history=0`);
        // Nothing is written meanwhile: the stream opens without an event.
        await page.waitForFunction(() => window.opens === 1);
        await until(() => protocols.length > 0);
        expect(protocols).to.deep.equal(['h2']);
        return { page, allow, balancer, first: datashop.written + 1 };
      }
    });
  }

  /** Resolves when all logs since `first` have arrived, once each and in order. */
  async function arrived(page: Page, first: number): Promise<void> {
    await page.waitForFunction((last) => window.numbers.at(-1) === last, datashop.written);
    const expected = Array.from({ length: datashop.written - first + 1 }, (_, n) => first + n);
    expect(await page.evaluate(() => window.numbers)).to.deep.equal(expected);
  }

  async function writeOne(page: Page): Promise<void> {
    await datashop.write();
    await page.waitForFunction((last) => window.numbers.at(-1) === last, datashop.written);
  }

  /** Writes logs one after another until it is stopped. */
  function flow() {
    let stopped = false;
    const writing = (async () => {
      while (!stopped) {
        await datashop.write();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    return {
      /** Resolves when 15 more have been written. */
      enough: (from = datashop.written) => until(() => datashop.written >= from + 15),
      stop: () => {
        stopped = true;
        return writing;
      },
    };
  }
});
