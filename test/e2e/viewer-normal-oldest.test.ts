import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { normalSuite } from './support/normal-suite.ts';
import type { Visit } from './support/page.ts';
import { logs, type Viewer } from './support/viewer.ts';

const advice = 'Try other words, more levels or a wider range.';
const hint = (time: string) =>
  `The oldest stored log is from ${time}. Older logs have been deleted or were never written.`;
/** A time of the day on which the logs are written. */
const at = (time: string) => `2026-01-15T${time}Z`;

describe('a time range of Normal mode without logs', () => {
  const suite = normalSuite(10);
  let viewer: Viewer;
  let page: Page;
  let allow: Visit['allow'];
  /** Number of requests for the oldest log that the log service has received. */
  let requests: number;

  beforeEach(() => {
    ({ viewer } = suite);
    requests = 0;
    viewer.interfere((req, _res, next) => {
      if (isForOldest(req.url)) requests += 1;
      next();
    });
  });

  const isForOldest = (url: string) => /[?&]order=asc&limit=1$/.test(url);
  /** Writes 40 logs, of which the log service keeps those of 12:00:31 to 12:00:40. */
  const write = () => viewer.append(...logs(40));
  const open = async (query: string) => {
    ({ page, allow } = await suite.visit(query, { timezoneId: 'America/New_York' }));
    await page.getByRole('heading', { name: 'No logs match' }).waitFor();
  };
  const pane = () => page.getByRole('status').filter({ hasText: 'No logs match' });
  const untilText = (text: string) => pane().getByText(text, { exact: true }).waitFor();
  const start = () => page.getByRole('button', { name: 'Start at the oldest log', exact: true });
  const rendered = () =>
    page.evaluate(async () => {
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    });
  /** Resolves when the page has rendered what it received in response to a request for the oldest log. */
  const afterLoading = async (act: () => Promise<void>) => {
    const response = page.waitForResponse((received) => isForOldest(received.url()));
    await act();
    await (await response).finished();
    await rendered();
  };

  it('Normal mode gives the time of the oldest stored log, requested once, if a range ends before it', async () => {
    await write();
    await open(`?from=${at('12:00:05')}&to=${at('12:00:20')}`);
    await untilText(hint('2026-01-15 07:00:31'));
    await page.getByText('UTC', { exact: true }).click();
    await untilText(hint('2026-01-15 12:00:31'));
    expect(await pane().getByText(advice).count()).to.equal(0);
    expect(requests).to.equal(1);
  });

  it('Normal mode gives the time of the oldest stored log if an empty range begins before it and ends after it', async () => {
    await write();
    await open(`?q=Line+20&from=${at('12:00:15')}&to=${at('12:00:35')}`);
    await untilText(hint('2026-01-15 07:00:31'));
    await page.getByLabel('To (local)').fill('');
    await start().waitFor({ state: 'detached' });
    await untilText(hint('2026-01-15 07:00:31'));
    await open(`?q=Line+20&to=${at('12:00:35')}`);
    await untilText(hint('2026-01-15 07:00:31'));
  });

  it('Normal mode does not mention the oldest stored log if a range begins at it and a text filter excludes all logs', async () => {
    await write();
    await open(`?q=nowhere&from=${at('12:00:30')}`);
    await untilText(hint('2026-01-15 07:00:31'));
    await afterLoading(() => page.getByLabel('From (local)').fill('2026-01-15T07:00:31'));
    await untilText(advice);
    expect(requests).to.equal(2);
    // Without a range, the page does not request the oldest log.
    const loaded = page.waitForResponse((response) => /search=nowhere.*limit=101/.test(response.url()));
    await page.getByLabel('From (local)').fill('');
    await (await loaded).finished();
    await rendered();
    await untilText(advice);
    expect(requests).to.equal(2);
  });

  it('Normal mode starts the range at the oldest stored log on request, and keeps the other filters', async () => {
    await write();
    await open(`?q=Line+3&from=${at('12:00:05')}&to=${at('12:00:20')}`);
    await start().click();
    await page.getByText('1–9 of 9 logs').waitFor();
    const query = new URL(page.url()).searchParams;
    expect([query.get('q'), query.get('from'), query.get('to')]).to.deep.equal([
      'Line 3',
      '2026-01-15T12:00:31.000Z',
      null,
    ]);
    expect(await page.locator('.log-link').last().textContent()).to.equal('Line 31');
    expect(await page.getByLabel('From (local)').inputValue()).to.equal('2026-01-15T07:00:31');
  });

  it('Normal mode keeps its advice about an empty range if no log is stored', async () => {
    await open('?q=nowhere');
    await afterLoading(() => page.getByLabel('To (local)').fill('2026-01-15T07:00:20'));
    await untilText(advice);
  });

  it('Normal mode keeps its advice about an empty range if the oldest log can’t be loaded', async () => {
    await write();
    viewer.interfere((req, res, next) => (isForOldest(req.url) ? res.status(500).end() : next()));
    await open('?q=nowhere');
    allow(/status of 500/);
    await afterLoading(() => page.getByLabel('To (local)').fill('2026-01-15T07:00:20'));
    await untilText(advice);
    expect(await page.getByRole('alert').filter({ hasText: /./ }).count()).to.equal(0);
  });

  for (const [what, leave] of [
    ['the filters change', () => page.getByRole('status').getByRole('button', { name: 'Clear filters' }).click()],
    ['the user leaves the mode', () => page.getByRole('link', { name: 'Stream', exact: true }).click()],
  ] as const) {
    it(`Normal mode aborts its request for the oldest log when ${what}`, async () => {
      await write();
      viewer.interfere((req, _res, next) => {
        if (!isForOldest(req.url)) next();
      });
      await open('?q=nowhere');
      const requested = page.waitForRequest((request) => isForOldest(request.url()));
      await page.getByLabel('To (local)').fill('2026-01-15T07:00:20');
      const request = await requested;
      await untilText(advice);
      const aborted = page.waitForEvent('requestfailed', (failed) => failed === request);
      await leave();
      expect((await aborted).failure()?.errorText).to.equal('net::ERR_ABORTED');
    });
  }
});
