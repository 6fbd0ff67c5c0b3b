import type { BrowserContextOptions } from 'playwright-core';
import { Profile, streamMode, watchPages } from './page.ts';
import { viewerBrowser } from './viewer-browser.ts';
import { StreamPage } from './viewer-page.ts';
import { Stage } from './viewer-stage.ts';

/** The profile for the next visitor without options. */
let keptProfile: Profile | undefined;

function takeKept(): Profile | undefined {
  const profile = keptProfile;
  keptProfile = undefined;
  return profile;
}

/** The back end of each test of a suite, and its visits. */
export class Suite {
  stage!: Stage;
  readonly #stored: number;
  readonly #profiles: { profile: Profile; isPlain: boolean }[] = [];

  constructor(stored: number) {
    this.#stored = stored;
  }

  /**
   * Opens Stream mode as a new visitor, without animations: painting them without a GPU takes most of a core. The first
   * visitor of a test without options has the page of the test before, since a page in a new process costs twice as much.
   */
  async visit(options: BrowserContextOptions = {}, query = ''): Promise<StreamPage> {
    const url = `${streamMode(this.stage.url)}${query}`;
    const isPlain = Object.keys(options).length === 0;
    const kept = isPlain ? takeKept() : undefined;
    const profile = kept ?? (await Profile.create(await viewerBrowser(), { reducedMotion: 'reduce', ...options }));
    this.#profiles.push({ profile, isPlain });
    return new StreamPage(await profile.visit(url));
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
    for (const { profile, isPlain } of this.#profiles.splice(0)) {
      // Without its server, the page has no quiet place to go.
      const isNew = isPlain && !keptProfile && (await profile.reset(`${this.stage.url}healthz`).catch(() => false));
      if (isNew) keptProfile = profile;
      else await profile.close();
    }
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
