import type { BrowserContextOptions } from 'playwright-core';
import { streamMode, visit, watchPages } from './page.ts';
import { viewerBrowser } from './viewer-browser.ts';
import { StreamPage } from './viewer-page.ts';
import { Stage } from './viewer-stage.ts';

/** The back end of each test of a suite, and its visits. */
export class Suite {
  stage!: Stage;
  readonly #stored: number;
  readonly #visitors: StreamPage[] = [];

  constructor(stored: number) {
    this.#stored = stored;
  }

  /** Opens Stream mode with a new profile, without animations: painting them without a GPU takes most of a core. */
  async visit(options: BrowserContextOptions = {}, query = ''): Promise<StreamPage> {
    const url = `${streamMode(this.stage.url)}${query}`;
    const visitor = new StreamPage(await visit(await viewerBrowser(), url, { reducedMotion: 'reduce', ...options }));
    this.#visitors.push(visitor);
    return visitor;
  }

  /** Opens Stream mode with a new profile; resolves when it is connected. */
  async open(options: BrowserContextOptions = {}, query = ''): Promise<StreamPage> {
    const visitor = await this.visit(options, query);
    await visitor.until('connected');
    return visitor;
  }

  /** As {@link open}; resolves when the page has also received `count` new logs. */
  async openAndReceive(count: number): Promise<StreamPage> {
    const visitor = await this.open();
    await this.stage.write(count);
    await visitor.untilTotal(this.#stored, count);
    return visitor;
  }

  async end(): Promise<void> {
    for (const { page } of this.#visitors.splice(0)) await page.context().close();
    await this.stage?.close();
  }
}

/** @param stored number of logs stored before each test */
export function viewerSuite(stored: number): Suite {
  const suite = new Suite(stored);
  watchPages();
  beforeEach(async () => {
    suite.stage = await Stage.open();
    if (stored > 0) await suite.stage.write(stored);
  });
  afterEach(() => suite.end());
  return suite;
}
