import { expect } from 'chai';
import type { NeedName } from '../../../../scripts/needs.mjs';
import type { PageBrowser } from '../../../support/browsers/real-browser.ts';
import { needs } from '../../../support/needs.ts';
import { streamMode } from '../../support/page.ts';
import { Stage } from '../../support/viewer-stage.ts';
import { LogTab } from './log-tab.ts';

/** Logs stored before each test. */
export const stored = 3;

/** A browser for all tests of a file, and a new back end for each. */
export class BrowserSuite {
  browser!: PageBrowser;
  stage!: Stage;
  /** The page in the browser's first tab. */
  #first: LogTab | undefined;
  #others: LogTab[] = [];

  /** Opens Stream mode in the browser's first tab, as a new visitor; resolves when it is connected. */
  async open(query = ''): Promise<LogTab> {
    const tab = await this.openPage(`?mode=stream${query}`);
    await tab.untilStatus('connected');
    return tab;
  }

  /** Opens an address of the BFF in the browser's first tab, as a new visitor. */
  async openPage(address: string): Promise<LogTab> {
    // A page of the same origin that runs no script. The port, and so the origin, is that of the test before. The new
    // BFF does not know the sessions of earlier cookies.
    await this.browser.open(`${this.stage.url}healthz`);
    await this.browser.evaluate('(localStorage.clear(), sessionStorage.clear())');
    this.#first = new LogTab(this.browser);
    await this.#first.open(new URL(address, this.stage.url).href);
    return this.#first;
  }

  /** Opens Stream mode in another tab, as the same visitor; resolves when it is connected. */
  async another(): Promise<LogTab> {
    const tab = new LogTab(await this.browser.newTab());
    this.#others.push(tab);
    await tab.open(streamMode(this.stage.url));
    await tab.untilStatus('connected');
    return tab;
  }

  /** Closes a tab that {@link another} has opened. */
  async close(tab: LogTab): Promise<void> {
    this.#others = this.#others.filter((it) => it !== tab);
    await tab.close();
  }

  async begin(): Promise<void> {
    this.stage = await Stage.open();
    await this.stage.write(stored);
  }

  /** Ends a test, and fails it if one of its pages complained. */
  async end(): Promise<void> {
    const others = this.#others.splice(0);
    try {
      const complaints = await Promise.all([this.#first, ...others].map((tab) => tab?.complaints() ?? []));
      expect(complaints.flat()).to.deep.equal([]);
    } finally {
      this.#first = undefined;
      for (const tab of others) await tab.close();
      await this.browser.open('about:blank');
      await this.stage.close();
    }
  }
}

/** Defines scenarios for one browser, which are skipped where it is not installed. */
export function describeInBrowser(
  need: NeedName,
  name: string,
  start: () => Promise<PageBrowser>,
  scenarios: readonly ((suite: BrowserSuite) => void)[],
): void {
  describe(`the log viewer in ${name}`, () => {
    const suite = new BrowserSuite();
    needs(need);
    before(async () => {
      suite.browser = await start();
    });
    after(() => suite.browser?.close());
    beforeEach(() => suite.begin());
    afterEach(() => suite.end());
    for (const define of scenarios) define(suite);
  });
}
