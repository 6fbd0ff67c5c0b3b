import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { streamPath, upstreamLogsPath, workflows } from '../../examples/datashop/src/demo.ts';
import { launchBrowser, type RealBrowser } from './support/browser.ts';
import { type Datashop, startDatashop } from './support/datashop.ts';
import { counts, streamMode, untilFresh, untilStatus, type Visit, visit, watchPages } from './support/page.ts';

describe('Datashop in a real Chromium', () => {
  watchPages();
  let datashop: Datashop;
  let chromium: RealBrowser;
  let page: Page;
  let allow: Visit['allow'];

  before(async () => {
    datashop = await startDatashop();
    chromium = await launchBrowser();
  });
  beforeEach(async () => {
    ({ page, allow } = await visit(chromium.browser, streamMode(datashop.url)));
  });
  afterEach(() => page?.context().close());
  after(async () => {
    await chromium?.close();
    await datashop?.end();
  });

  const button = (name: string) => page.getByRole('button', { name, exact: true });

  it('Stream mode shows stored logs, then live ones as they arrive', async () => {
    await untilFresh(page, 5);
    await untilStatus(page, 'connected');

    const { total, original, fresh } = await counts(page);
    expect(original).to.be.at.least(1);
    expect(total).to.equal(original + fresh);
  });

  it('a link on another site opens the page for the same user, and its stream goes on', async () => {
    const userOf = () => page.evaluate(async () => (await (await fetch('/session')).json()).user as string);
    const user = await userOf();
    const other = createServer((_req, res) => {
      res.setHeader('Content-Type', 'text/html');
      res.end(
        `<!doctype html><title>other</title><link rel="icon" href="data:,"><a href="${streamMode(datashop.url)}">logs</a>`,
      );
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    // Another site, since the page itself is at localhost.
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    await page.getByRole('link', { name: 'logs' }).click();
    await untilStatus(page, 'connected');
    other.close();

    expect(await userOf()).to.equal(user);
  });

  it('Stream mode shows the newest log on top', async () => {
    await untilFresh(page, 5);
    await button('Disconnect').click();
    await untilStatus(page, 'idle');

    const times = await page.$$eval('[data-testid=line] time', (nodes) =>
      nodes.map((node) => (node as HTMLTimeElement).dateTime),
    );
    expect(times).to.have.length.above(5);
    expect(times).to.deep.equal([...times].sort().reverse());
  });

  it('Connect resumes where Disconnect stopped', async () => {
    await untilFresh(page, 2);
    await button('Disconnect').click();
    await untilStatus(page, 'idle');
    const paused = await counts(page);
    await button('Connect').click();
    await untilFresh(page, paused.fresh + 5);

    expect((await counts(page)).original).to.equal(paused.original);
  });

  it('the Content-Security-Policy blocks an EventSource to the log service before a request is sent', async () => {
    allow(/connect-src|Content Security Policy/);
    const blocked = await page.evaluate(
      async (url) => {
        const violation = new Promise<SecurityPolicyViolationEvent>((resolve) => {
          document.addEventListener('securitypolicyviolation', resolve, { once: true });
        });
        const source = new EventSource(url);
        const failed = new Promise((resolve) => source.addEventListener('error', resolve, { once: true }));
        const { effectiveDirective, blockedURI, disposition } = await violation;
        await failed;
        return { effectiveDirective, blockedURI, disposition, readyState: source.readyState };
      },
      `${datashop.upstream}${upstreamLogsPath(workflows.movies)}/stream`,
    );

    expect(new URL(blocked.blockedURI).origin).to.equal(datashop.upstream);
    expect(blocked).to.include({ effectiveDirective: 'connect-src', disposition: 'enforce' });
    expect(blocked.readyState).to.equal(2);
  });

  it('the Content-Security-Policy blocks a fetch to the log service', async () => {
    allow(/connect-src|Content Security Policy/);
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

  it('an EventSource receives the stream from the page’s own origin', async () => {
    const { id, log } = await page.evaluate(
      (url) =>
        new Promise<{ id: string; log: { meta: { workflowID: string } } }>((resolve) => {
          const source = new EventSource(url);
          source.onmessage = ({ lastEventId, data }) => {
            source.close();
            resolve({ id: lastEventId, log: JSON.parse(data) });
          };
        }),
      `${streamPath}?history=1`,
    );

    expect(id).to.match(/^[\w-]{22}$/);
    expect(log.meta).to.include(workflows.movies);
  });
});
