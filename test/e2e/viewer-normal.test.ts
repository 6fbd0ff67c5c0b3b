import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { normalSuite } from './support/normal-suite.ts';
import { log, logs, type Viewer } from './support/viewer.ts';

describe('Normal mode of the log viewer', () => {
  const suite = normalSuite();
  let viewer: Viewer;
  let page: Page;
  let allow: (complaint: RegExp) => void;

  beforeEach(() => {
    ({ viewer } = suite);
  });

  const open = async (query = '', options: BrowserContextOptions = {}) => {
    ({ page, allow } = await suite.visit(query, { timezoneId: 'America/New_York', ...options }));
  };
  const lines = () => page.locator('.log-link').allTextContents();
  /** Resolves when exactly these lines are shown in this order. */
  const untilLines = (wanted: string[]) =>
    page.waitForFunction(
      (texts) => JSON.stringify([...document.querySelectorAll('.log-link')].map((a) => a.textContent)) === texts,
      JSON.stringify(wanted),
    );
  const downloaded = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent('download'), button(name).click()]);
    const text = await readFile(await download.path(), 'utf8');
    return { name: download.suggestedFilename(), lines: text.trimEnd().split('\n') };
  };
  const place = () => page.locator('.pager-place').textContent();
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const range = (from: number, to: number) =>
    Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => `Line ${from - index}`);

  it('shows a table of the logs, newest first', async () => {
    await viewer.append(...logs(3));
    await open();
    await untilLines(['Line 3', 'Line 2', 'Line 1']);

    const table = page.getByRole('table', { name: 'Logs, newest first' });
    expect(await table.getByRole('columnheader').allTextContents()).to.deep.equal([
      'Time (local)',
      'Level',
      'Stage',
      'Message',
      'Duration',
      'Run',
    ]);
    const [first] = await table.getByRole('row').filter({ hasText: 'Line 3' }).all();
    expect(await first?.getByRole('cell').allTextContents()).to.deep.equal([
      '2026-01-15 07:00:03.000',
      'ERROR',
      'REPORT',
      'Line 3',
      '',
      '4021',
    ]);
    expect(await place()).to.equal('1–3 of 3 logs');
  });

  it('renders at most 25 rows of a large page in one task', async () => {
    await viewer.append(...logs(300));
    await open();
    await untilLines(range(300, 201));
    await page.evaluate(() => {
      const added: number[] = [];
      Object.assign(window, { added });
      const count = (records: MutationRecord[]) => {
        const nodes = records.flatMap(({ addedNodes }) => [...addedNodes]);
        added.push(nodes.filter((node) => node instanceof Element && node.matches('.log-row')).length);
      };
      new MutationObserver(count).observe(document.querySelector('.log-table')!, { childList: true, subtree: true });
    });
    await page.getByLabel('Logs a page').selectOption('250');
    await untilLines(range(300, 51));
    const added = await page.evaluate(() => (window as unknown as { added: number[] }).added);
    expect(added.reduce((sum, each) => sum + each, 0)).to.equal(150);
    expect(Math.max(...added)).to.be.at.most(25);
  });

  it('shows HTML in a log as text', async () => {
    await viewer.append(log(1, { message: '<img src=x onerror=alert(1)>', description: '<b>bold</b>' }));
    await open();
    await untilLines(['<img src=x onerror=alert(1)>']);

    expect(await page.locator('.log-detail').textContent()).to.equal('<b>bold</b>');
  });

  it('shows each line of a stack trace when its log is opened, in both modes', async () => {
    const trace = [
      'Error: no connection',
      '    at lookup (/srv/studios.js:88:14)',
      '    at validate (/srv/validate.js:41:9)',
    ];
    await viewer.append(log(1, { message: 'Lookup failed', description: trace.join('\n') }));
    await open();
    await page.getByRole('link', { name: 'Lookup failed' }).click();
    const shown = (selector: string) => page.locator(selector).evaluate((node) => (node as HTMLElement).innerText);
    await page.locator('.details-description').waitFor();
    expect((await shown('.details-description')).split('\n')).to.deep.equal(trace);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Stream', exact: true }).click();
    await page.getByTestId('line').click();
    await page.locator('.Stream-detailsText').waitFor();
    expect((await shown('.Stream-detailsText')).split('\n')).to.deep.equal(trace);
  });

  it('searches while the user types, marks the matches, and keeps the search after a reload', async () => {
    await viewer.append(...logs(12));
    await open();
    await page.getByLabel('Search').pressSequentially('LINE 1');
    await untilLines(['Line 12', 'Line 11', 'Line 10', 'Line 1']);

    expect(await page.locator('mark').allTextContents()).to.deep.equal(Array(4).fill('Line 1'));
    await page.reload();
    await untilLines(['Line 12', 'Line 11', 'Line 10', 'Line 1']);
    expect(await page.getByLabel('Search').inputValue()).to.equal('LINE 1');
  });

  it('shows one level, several levels, and all', async () => {
    await viewer.append(...logs(4));
    await open();
    await button('ERROR 1 line').waitFor();
    await button('Only ERROR').click();
    await untilLines(['Line 3']);
    await button('WARN').click();
    await untilLines(['Line 3', 'Line 2']);
    await button('Clear filters').click();
    await untilLines(range(4, 1));

    const pressed = page.getByRole('group', { name: 'Levels shown' }).locator('[data-level][aria-pressed=true]');
    expect(await pressed.count()).to.equal(4);
  });

  it('shows a range of time in the chosen time zone, without its end', async () => {
    await viewer.append(...logs(6));
    await open();
    await page.getByLabel('From (local)').fill('2026-01-15T07:00:02');
    await page.getByLabel('To (local)').fill('2026-01-15T07:00:05');
    await untilLines(range(4, 2));
    await page.getByText('UTC', { exact: true }).click();

    expect(await page.getByLabel('From (UTC)').inputValue()).to.equal('2026-01-15T12:00:02');
    expect(await page.getByLabel('To (UTC)').inputValue()).to.equal('2026-01-15T12:00:05');
    expect(await lines()).to.deep.equal(range(4, 2));
  });

  it('shows that a range is invalid, and keeps the present logs', async () => {
    await viewer.append(...logs(3));
    await open();
    await page.getByLabel('From (local)').fill('2026-01-15T07:00:02');
    await untilLines(range(3, 2));
    const to = page.getByLabel('To (local)');
    await to.fill('2026-01-15T07:00:02');

    expect(await to.getAttribute('aria-invalid')).to.equal('true');
    expect(await page.locator(`[id="${await to.getAttribute('aria-describedby')}"]`).textContent()).to.equal(
      'This is not after “From”.',
    );
    expect(await lines()).to.deep.equal(range(3, 2));
    await to.fill('2026-01-15T07:00:03');
    await untilLines(['Line 2']);
    expect(await page.locator('.field-error').count()).to.equal(0);
  });

  it('shows that a date is incomplete', async () => {
    await viewer.append(log(1));
    await open();
    const from = page.getByLabel('From (local)');
    await from.fill('2026-01-15T07:00:02');
    await from.press('Backspace');

    await page.getByText('Enter a whole date and time, or clear the field.').waitFor();
  });

  it('goes to older pages and back without skipping a log while logs are written', async () => {
    await viewer.append(...logs(120));
    await open('?size=50');
    await untilLines(range(120, 71));
    await viewer.append(log(121), log(122));
    await button('Older').click();
    await untilLines(range(70, 21));
    expect(await place()).to.equal('53–102 of 122 logs');
    await button('Older').click();
    await untilLines(range(20, 1));
    expect(await button('Older').isDisabled()).to.equal(true);
    expect(await button('Older').evaluate((node) => node === document.activeElement)).to.equal(true);

    await button('Newer').click();
    await untilLines(range(70, 21));
    await button('Newer').click();
    await untilLines(range(120, 71));
    await button('Newer').click();
    await untilLines(range(122, 73));
    expect(await place()).to.equal('1–50 of 122 logs');
    expect(await button('Newer').isDisabled()).to.equal(true);
    expect(await button('Newest').isDisabled()).to.equal(true);
  });

  it('Normal mode keeps its page after a reload, and the back button returns to the previous page', async () => {
    await viewer.append(...logs(120));
    await open('?size=50');
    await button('Older').click();
    await untilLines(range(70, 21));
    await page.reload();
    await untilLines(range(70, 21));
    await page.goBack();
    await untilLines(range(120, 71));
    await page.goForward();
    await button('Newest').click();
    await untilLines(range(120, 71));
  });

  it('returns to the newest page when the filters change', async () => {
    await viewer.append(...logs(120));
    await open('?size=50');
    await button('Older').click();
    await untilLines(range(70, 21));
    await page.getByLabel('Logs a page').selectOption('100');
    await untilLines(range(120, 21));
  });

  it('Normal mode shows new logs when it is refreshed', async () => {
    await viewer.append(log(1));
    await open();
    await untilLines(['Line 1']);
    await viewer.append(log(2));
    await button('Refresh').click();
    await untilLines(['Line 2', 'Line 1']);
  });

  it('downloads all lines that match, not only those of the page, oldest first', async () => {
    await viewer.append(...logs(1_203), log(1_204, { description: 'with a detail', durationMs: 4_200 }));
    await open('?size=50&level=ERROR,DEBUG');
    await page.getByText('1–50 of 602 logs').waitFor();
    const text = await downloaded('Download text');
    expect(text.name).to.match(/^logs-[\dTZ-]+\.txt$/);
    expect(text.lines).to.have.length(602);
    expect(text.lines[0]).to.equal('2026-01-15T12:00:03.000Z ERROR [REPORT] Line 3');
    expect(text.lines.at(-1)).to.equal('2026-01-15T12:20:04.000Z DEBUG [EXTRACT] Line 1204 — with a detail (4.2s)');
    const ndjson = await downloaded('Download NDJSON');
    expect(ndjson.name).to.match(/\.ndjson$/);
    const documents = ndjson.lines.map((line) => JSON.parse(line) as { message: string });
    expect(documents.map(({ message }) => message)).to.deep.equal(text.lines.map((line) => /Line \d+/.exec(line)![0]));
  });

  it('shows how much of a download is loaded, cancels it, and says why one failed', async () => {
    await viewer.append(...logs(1_200));
    await open('?size=50');
    await page.getByText('1–50 of 1,200 logs').waitFor();
    let answer: (() => Promise<void>) | undefined;
    await page.route(/limit=500&cursor=./, (route) => {
      answer = () => route.fulfill({ status: 500, json: { title: 'The store is away' } });
    });
    await button('Download text').click();
    await page.getByText('500 lines loaded').waitFor();
    await button('Cancel').click();
    await button('Download text').click();
    await page.getByText('500 lines loaded').waitFor();
    allow(/status of 500/);
    await answer!();
    await page.getByText('The lines could not be downloaded').waitFor();
    await page.getByText('The store is away').waitFor();
    await button('Download text').waitFor();
  });

  it('opens a log by keyboard, copies it and its link, and returns the focus', async () => {
    await viewer.append(...logs(3));
    await open('', { permissions: ['clipboard-read', 'clipboard-write'] });
    const link = page.getByRole('link', { name: 'Line 2' });
    await link.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Log' });
    await dialog.getByRole('button', { name: 'Copy JSON' }).click();
    await dialog.getByText('Copied').first().waitFor();
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());

    expect(JSON.parse(await clipboard())).to.deep.equal(log(2));
    await dialog.getByRole('button', { name: 'Copy link' }).click();
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith('http'));
    expect(await clipboard()).to.equal(page.url());
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await link.evaluate((node) => node === document.activeElement)).to.equal(true);
    expect(new URL(page.url()).search).to.equal('');
  });

  it('opens a log from its link although the page does not contain it', async () => {
    await viewer.append(...logs(60));
    await open('?size=50');
    const href = await page.getByRole('link', { name: 'Line 11', exact: true }).getAttribute('href');
    await page.goto(new URL(`${href}&q=Line+6`, viewer.url).href);

    await page.getByRole('dialog').getByText('Line 11', { exact: true }).waitFor();
    await untilLines(['Line 60', 'Line 6']);
  });

  for (const [what, id] of [
    ['of a removed log', 'AAAAAAAAAAAAAAAAAAAAAA'],
    ['with a malformed id', 'nonsense'],
  ] as const) {
    it(`shows that a log is no longer kept for the link ${what}`, async () => {
      const opened = await suite.visit(`?log=${id}`);
      opened.allow(/status of 400/);
      page = opened.page;
      await page.getByRole('dialog').getByText('This log is no longer kept').waitFor();
    });
  }

  it('fits a screen of 320 px without horizontal scrolling', async () => {
    await viewer.append(...logs(3), log(4, { message: 'x'.repeat(500) }));
    const opened = await suite.visit('', { viewport: { width: 320, height: 640 } });
    page = opened.page;
    await untilLines(['x'.repeat(500), ...range(3, 1)]);

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.equal(320);
    await button('Newest').scrollIntoViewIfNeeded();
  });
});
