import { expect } from 'chai';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { needs } from '../../support/needs.ts';

declare global {
  interface Window {
    /** Directive and blocked URL of every CSP violation since the page began. */
    violations: [directive: string, blocked: string][];
    /** Ids of the events that {@link collectIds} saw. */
    ids: string[];
    /** Connection states that the page has shown since it was watched. */
    states: string[];
  }
}

export interface Visit {
  page: Page;
  /** Says that the page may complain like this; anything else fails the test. */
  allow(complaint: RegExp): void;
}

interface Watched {
  /** What the console, uncaught errors and the policy said. */
  complaints: string[];
  allowed: RegExp[];
}

let watched: Watched[] | undefined;

/** For every suite that opens pages: fails each test whose page broke its policy or complained unexpectedly. */
export function watchPages(): void {
  needs('chromium');
  beforeEach(() => {
    watched = [];
  });
  afterEach('no page broke its policy or complained', () => {
    const complaints = (watched ?? []).flatMap(({ complaints, allowed }) =>
      complaints.filter((complaint) => !allowed.some((pattern) => pattern.test(complaint))),
    );
    watched = undefined;
    expect(complaints).to.deep.equal([]);
  });
}

/** Opens the page as a new visitor, with an eye on everything it might do wrong. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const profile = await Profile.create(browser, options);
  return profile.visit(url);
}

/** A browser profile. Watches what its pages do wrong. */
export class Profile {
  readonly #context: BrowserContext;
  #page: Page | undefined;
  /** Where complaints go during a test. */
  #watched: Watched | undefined;

  private constructor(context: BrowserContext) {
    this.#context = context;
    context.on('page', (page) => {
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') this.#complain(message.text());
      });
      page.on('pageerror', (error) => this.#complain(String(error)));
    });
  }

  /** Creates one without animations unless options ask for them: painting them without a GPU takes most of a core. */
  static async create(browser: Browser, options: BrowserContextOptions): Promise<Profile> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    // Below the limit of a test, so that the error names what did not happen; a busy machine needs more than the
    // default.
    context.setDefaultTimeout(100_000);
    const profile = new Profile(context);
    await context.exposeBinding('complain', (_source, text: string) => profile.#complain(text));
    await context.addInitScript(() => {
      window.violations = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
        window.violations.push([effectiveDirective, blockedURI]);
        (window as unknown as { complain(text: string): void }).complain(`${effectiveDirective} blocked ${blockedURI}`);
      });
    });
    return profile;
  }

  #complain(text: string): void {
    this.#watched?.complaints.push(text);
  }

  /** Opens `url` in the profile's page. What it does wrong from now on fails the present test. */
  async visit(url: string): Promise<Visit> {
    if (!watched) throw new Error('This suite opens pages and does not call watchPages()');
    const allowed: RegExp[] = [];
    this.#watched = { complaints: [], allowed };
    watched.push(this.#watched);
    this.#page ??= await this.#context.newPage();
    await this.#page.goto(url);
    return { page: this.#page, allow: (complaint) => void allowed.push(complaint) };
  }

  /**
   * Forgets everything but the caches, which make the next visit cheap. `quietUrl` is of the origin that was visited,
   * and runs no script.
   *
   * @returns false if the profile can't be used again
   */
  async reset(quietUrl: string): Promise<boolean> {
    this.#watched = undefined;
    const page = this.#page;
    if (!page || page.isClosed()) return false;
    for (const other of this.#context.pages()) if (other !== page) await other.close();
    await this.#context.setOffline(false);
    await this.#context.unrouteAll({ behavior: 'ignoreErrors' });
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await this.#context.clearCookies();
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.emulateMedia({ colorScheme: null, forcedColors: null });
    await page.goto(quietUrl);
    return page.evaluate(() => {
      localStorage.clear();
      sessionStorage.clear();
      // A test that has replaced the clock has done so for all later pages of the profile.
      return Function.prototype.toString.call(Date).includes('[native code]');
    });
  }

  close(): Promise<void> {
    this.#watched = undefined;
    return this.#context.close();
  }
}

/** Stream mode of the viewer at this address. */
export const streamMode = (url: string) => new URL('?mode=stream', url).href;

/** The counts in "Total: n logs (o original + m new)". */
export async function counts(page: Page): Promise<{ total: number; original: number; fresh: number }> {
  const text = (await page.getByTestId('total').textContent()) ?? '';
  const [total = -1, original = -1, fresh = -1] = text.replaceAll(',', '').match(/\d+/g)?.map(Number) ?? [];
  return { total, original, fresh };
}

/** Resolves when the page has counted at least this many live logs. */
export async function untilFresh(page: Page, atLeast: number): Promise<void> {
  await page.waitForFunction((least) => {
    const fresh = /\+ ([\d,]+) new/.exec(document.querySelector('[data-testid=total]')?.textContent ?? '');
    return Number(fresh?.[1]?.replaceAll(',', '')) >= least;
  }, atLeast);
}

/** Resolves when the page's connection shows this status of the client. */
export async function untilStatus(page: Page, status: string): Promise<void> {
  await page.waitForSelector(`[data-testid=connection][data-status="${status}"]`);
}

/** Opens one more native EventSource in the page, which notes every id it gets. */
export async function collectIds(page: Page, path: string): Promise<void> {
  await page.evaluate((url) => {
    window.ids = [];
    new EventSource(url).onmessage = ({ lastEventId }) => window.ids.push(lastEventId);
  }, path);
}
