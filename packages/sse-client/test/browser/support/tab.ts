import type { CDPSession, Page } from 'playwright-core';
import type { StreamStatus } from '../../../src/index.ts';
import type { Said, SeenState, TabOptions } from '../page/kit.ts';

/** Short waits, so that tests are fast. */
const quick: TabOptions = { autoConnect: true, minDelayMs: 10, maxDelayMs: 40 };

/** A real tab with one stream. */
export class Tab {
  readonly page: Page;
  #cdp: CDPSession | undefined;

  constructor(page: Page) {
    this.page = page;
  }

  /** Creates the page's stream, which connects at once by default. */
  async start(url: string, options: TabOptions = {}): Promise<this> {
    await this.page.evaluate(([to, how]) => window.kit.open(to, how), [url, { ...quick, ...options }] as const);
    return this;
  }

  /** Calls one of the stream's methods that take no arguments. */
  async call(method: 'connect' | 'disconnect' | 'retryNow' | 'clear' | 'reset' | 'wipe' | 'close'): Promise<void> {
    await this.page.evaluate((name) => window.kit.stream[name](), method);
  }

  said(): Promise<Said> {
    return this.page.evaluate(() => window.kit.said());
  }

  list(): Promise<string[]> {
    return this.page.evaluate(() => window.kit.list());
  }

  /** Every state of the connection so far. */
  seen(): Promise<SeenState[]> {
    return this.page.evaluate(() => window.kit.seen);
  }

  /** Waits until the list ends with this, and returns the list. */
  async untilLast(last: number | string): Promise<string[]> {
    await this.page.waitForFunction((end) => window.kit.list().at(-1) === end, String(last), { polling: 10 });
    return this.list();
  }

  async untilStatus(status: StreamStatus): Promise<Said> {
    return this.until('status', status);
  }

  async untilRole(role: Said['role']): Promise<Said> {
    return this.until('role', role);
  }

  /** Resolves when a field of the snapshot has this value. */
  async until<K extends keyof Said>(field: K, value: Said[K]): Promise<Said> {
    await this.page.waitForFunction(([name, wanted]) => window.kit.said()[name] === wanted, [field, value] as const, {
      polling: 10,
    });
    return this.said();
  }

  /** Waits until the state has been observed, now or earlier. */
  async untilSeen(status: StreamStatus, error?: SeenState['error']): Promise<SeenState> {
    const found = await this.page.waitForFunction(
      ([name, code]) => window.kit.seen.find((one) => one.status === name && (!code || one.error === code)),
      [status, error] as const,
      { polling: 10 },
    );
    return (await found.jsonValue()) as SeenState;
  }

  /**
   * Stops the page's thread: no timer, message or byte reaches it until `thaw`, and it keeps its locks. The pause of a
   * debugger does that; `Page.setWebLifecycleState` has no effect in the headless shell.
   */
  async freeze(): Promise<void> {
    this.#cdp = await this.page.context().newCDPSession(this.page);
    await this.#cdp.send('Debugger.enable');
    const paused = new Promise((resolve) => this.#cdp!.once('Debugger.paused', resolve));
    await this.#cdp.send('Debugger.pause');
    // The pause takes effect at the next statement.
    void this.page.evaluate(() => 0);
    await paused;
  }

  async thaw(): Promise<void> {
    await this.#cdp!.send('Debugger.disable');
    await this.#cdp!.detach();
  }

  /** Ends the page's process without running any of its handlers. */
  async crash(): Promise<void> {
    const crashed = new Promise((resolve) => this.page.once('crash', resolve));
    void this.page.goto('chrome://crash').catch(() => {});
    await crashed;
  }
}
