import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
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
  if (!watched) throw new Error('This suite opens pages and does not call watchPages()');
  const context = await browser.newContext(options);
  // Below the limit of a test, so that the error names what did not happen; a busy machine needs more than the default.
  context.setDefaultTimeout(100_000);
  const complaints: string[] = [];
  const allowed: RegExp[] = [];
  watched.push({ complaints, allowed });
  await context.exposeBinding('complain', (_source, text: string) => void complaints.push(text));
  await context.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
      window.violations.push([effectiveDirective, blockedURI]);
      (window as unknown as { complain(text: string): void }).complain(`${effectiveDirective} blocked ${blockedURI}`);
    });
  });
  const watch = (page: Page) => {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
  };
  context.on('page', watch);
  const page = await context.newPage();
  await page.goto(url);
  return { page, allow: (complaint) => void allowed.push(complaint) };
}

/** Stream mode of the viewer at this address. */
export const streamMode = (url: string) => new URL('?mode=stream', url).href;

/** The counts in "Total: n logs (o original + m new)". */
export async function counts(page: Page): Promise<{ total: number; original: number; fresh: number }> {
  const text = (await page.getByTestId('total').textContent()) ?? '';
  const [total = -1, original = -1, fresh = -1] = text.replaceAll(',', '').match(/\d+/g)?.map(Number) ?? [];
  return { total, original, fresh };
}

/** Resolves when the page has counted at least so many live logs. */
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
