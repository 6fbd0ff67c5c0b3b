import type { Browser, Page } from 'playwright-core';

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
  /** What the console and uncaught errors said. */
  complaints: string[];
}

/** Opens the page as a new visitor, with an eye on everything it might do wrong. */
export async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
      window.violations.push([effectiveDirective, blockedURI]);
    });
  });
  await page.goto(url);
  return { page, complaints };
}

/** The counts in "Total: n logs (o original + m new)". */
export async function counts(page: Page): Promise<{ total: number; original: number; fresh: number }> {
  const text = (await page.textContent('#total')) ?? '';
  const [total = -1, original = -1, fresh = -1] = text.replaceAll(',', '').match(/\d+/g)?.map(Number) ?? [];
  return { total, original, fresh };
}

/** Resolves when the page has counted at least so many live logs. */
export async function untilFresh(page: Page, atLeast: number): Promise<void> {
  await page.waitForFunction((least) => {
    const fresh = /\+ ([\d,]+) new/.exec(document.getElementById('total')?.textContent ?? '');
    return Number(fresh?.[1]?.replaceAll(',', '')) >= least;
  }, atLeast);
}

/** Resolves when the page's connection shows this state. */
export async function untilState(page: Page, state: string): Promise<void> {
  await page.waitForSelector(`#connection[data-state="${state}"]`);
}

/** Opens one more native EventSource in the page, which notes every id it gets. */
export async function collectIds(page: Page, path: string): Promise<void> {
  await page.evaluate((url) => {
    window.ids = [];
    new EventSource(url).onmessage = ({ lastEventId }) => window.ids.push(lastEventId);
  }, path);
}
