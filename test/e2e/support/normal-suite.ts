import type { BrowserContextOptions } from 'playwright-core';
import { returnProfiles, takeProfile, type UsedProfile } from './kept-profile.ts';
import { type Visit, watchPages } from './page.ts';
import { startViewer, type Viewer } from './viewer.ts';

/** The back end of each test of a suite, and its visits in Normal mode. */
export class NormalSuite {
  viewer!: Viewer;
  readonly #profiles: UsedProfile[] = [];

  /** Opens the page as a new visitor, who may have the emptied profile of the test before. */
  async visit(query = '', options: BrowserContextOptions = {}): Promise<Visit> {
    const used = await takeProfile(options);
    this.#profiles.push(used);
    return used.profile.visit(`${this.viewer.url}${query}`);
  }

  async end(): Promise<void> {
    await returnProfiles(this.#profiles.splice(0), `${this.viewer?.url}healthz`);
    await this.viewer?.close();
  }
}

/** @param maxLogs number of logs that the log service keeps; left out: its default */
export function normalSuite(maxLogs?: number): NormalSuite {
  const suite = new NormalSuite();
  // First: the back end must also end if a page has complained, since mocha then skips the hooks behind.
  afterEach(() => suite.end());
  watchPages();
  beforeEach(async () => {
    suite.viewer = await startViewer(maxLogs);
  });
  return suite;
}
