import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { BFF_STREAM, UPSTREAM_LOGS, WORKFLOW } from '../../examples/datashop/src/demo.ts';
import { launchBrowser, type RealBrowser } from './support/browser.ts';
import { type Datashop, startDatashop } from './support/datashop.ts';
import { counts, untilFresh, untilState, type Visit, visit } from './support/page.ts';

describe('Datashop in a real Chromium', () => {
  let datashop: Datashop;
  let chromium: RealBrowser;
  let opened: Visit;
  let page: Page;

  before(async () => {
    datashop = await startDatashop();
    chromium = await launchBrowser();
  });
  beforeEach(async () => {
    opened = await visit(chromium.browser, datashop.url);
    page = opened.page;
  });
  afterEach(() => page?.context().close());
  after(async () => {
    await chromium?.close();
    await datashop?.end();
  });

  it('shows stored logs, then live ones as they come, and breaks no rule of its policy', async () => {
    await untilFresh(page, 5);
    await untilState(page, 'live');

    const { total, original, fresh } = await counts(page);
    expect(original).to.be.at.least(1);
    expect(total).to.equal(original + fresh);
    expect(await page.evaluate(() => window.violations)).to.deep.equal([]);
    expect(opened.complaints).to.deep.equal([]);
  });

  it('puts the newest log on top and shows each once', async () => {
    await untilFresh(page, 5);
    await page.click('#toggle');
    await untilState(page, 'paused');

    const { total } = await counts(page);
    const times = await page.$$eval('#rows time', (nodes) => nodes.map((node) => (node as HTMLTimeElement).dateTime));
    expect(times).to.have.length(total);
    expect(times).to.deep.equal([...times].sort().reverse());
  });

  it('goes on after a pause where it stopped', async () => {
    await untilFresh(page, 2);
    await page.click('#toggle');
    const paused = await counts(page);
    await page.click('#toggle');
    await untilFresh(page, paused.fresh + 5);

    expect((await counts(page)).original).to.equal(paused.original);
  });

  it('shows only the chosen level, stored and live', async () => {
    await page.selectOption('#level', 'WARN');
    await page.waitForFunction(
      () => document.querySelector('#rows tr.WARN') && !document.querySelector('#rows tr:not(.WARN)'),
    );
    await untilFresh(page, 3);

    const levels = await page.$$eval('#rows .level', (nodes) => nodes.map((node) => node.textContent));
    expect(new Set(levels)).to.deep.equal(new Set(['WARN']));
  });

  it('shows only what was searched for', async () => {
    await page.fill('#search', 'rejected:');
    await page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('#rows tr')];
      return rows.length > 0 && rows.every((row) => row.textContent?.includes('rejected:'));
    });
  });

  it('cannot reach the log service by EventSource: the policy blocks it before it is asked', async () => {
    const blocked = await page.evaluate(async (url) => {
      const violation = new Promise<SecurityPolicyViolationEvent>((resolve) => {
        document.addEventListener('securitypolicyviolation', resolve, { once: true });
      });
      const source = new EventSource(url);
      const failed = new Promise((resolve) => source.addEventListener('error', resolve, { once: true }));
      const { effectiveDirective, blockedURI, disposition } = await violation;
      await failed;
      return { effectiveDirective, blockedURI, disposition, readyState: source.readyState };
    }, `${datashop.upstream}${UPSTREAM_LOGS}/stream`);

    expect(new URL(blocked.blockedURI).origin).to.equal(datashop.upstream);
    expect(blocked).to.include({ effectiveDirective: 'connect-src', disposition: 'enforce' });
    expect(blocked.readyState).to.equal(2);
  });

  it('cannot reach the log service by fetch either', async () => {
    const { error, violations } = await page.evaluate(async (url) => {
      const violation = new Promise((resolve) =>
        document.addEventListener('securitypolicyviolation', resolve, { once: true }),
      );
      const error = await fetch(url).then(
        () => 'none',
        (reason: Error) => reason.name,
      );
      await violation;
      return { error, violations: window.violations };
    }, `${datashop.upstream}/healthz`);

    expect(error).to.equal('TypeError');
    expect(violations).to.deep.equal([['connect-src', `${datashop.upstream}/healthz`]]);
  });

  it('gets the same stream from its own origin', async () => {
    const { id, log } = await page.evaluate(
      (url) =>
        new Promise<{ id: string; log: { meta: { workflowID: string } } }>((resolve) => {
          const source = new EventSource(url);
          source.onmessage = ({ lastEventId, data }) => {
            source.close();
            resolve({ id: lastEventId, log: JSON.parse(data) });
          };
        }),
      `${BFF_STREAM}?history=1`,
    );

    expect(id).to.match(/-\d+$/);
    expect(log.meta.workflowID).to.equal(WORKFLOW);
  });
});
