import type { BrowserContextOptions } from 'playwright-core';
import { returnProfiles, takeProfile, type UsedProfile } from './kept-profile.ts';
import { streamMode, watchPages } from './page.ts';
import { StreamPage } from './viewer-page.ts';
import { Stage } from './viewer-stage.ts';

/** The back end of each test of a suite, and its visits. */
export class Suite {
  stage!: Stage;
  readonly #stored: number;
  readonly #profiles: UsedProfile[] = [];

  constructor(stored: number) {
    this.#stored = stored;
  }

  /** Opens Stream mode as a new visitor, who may have the emptied profile of the test before. */
  async visit(options: BrowserContextOptions = {}, query = ''): Promise<StreamPage> {
    const used = await takeProfile(options);
    this.#profiles.push(used);
    return new StreamPage(await used.profile.visit(`${streamMode(this.stage.url)}${query}`));
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
    await returnProfiles(this.#profiles.splice(0), `${this.stage?.url}healthz`);
    await this.stage?.close();
  }
}

/** @param stored number of logs stored before each test */
export function viewerSuite(stored: number): Suite {
  const suite = new Suite(stored);
  // First: the stage must also end if a page has complained, since mocha then skips the hooks behind.
  afterEach(() => suite.end());
  watchPages();
  beforeEach(async () => {
    suite.stage = await Stage.open();
    if (stored > 0) await suite.stage.write(stored);
  });
  return suite;
}
