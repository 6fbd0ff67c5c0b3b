import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { normalSuite } from './support/normal-suite.ts';
import type { Visit } from './support/page.ts';
import { log, logs, type Viewer } from './support/viewer.ts';

describe('Normal mode without logs to show', () => {
  const suite = normalSuite();
  let viewer: Viewer;
  let page: Page;
  let allow: Visit['allow'];

  beforeEach(() => {
    ({ viewer } = suite);
  });

  const open = async (query = '') => {
    ({ page, allow } = await suite.visit(query));
  };
  const button = (name: string) => page.getByRole('button', { name, exact: true });

  it('Normal mode shows that it is loading', async () => {
    await viewer.append(log(1));
    const held: (() => void)[] = [];
    viewer.interfere((_req, _res, next) => void held.push(next));
    await open();
    await page.locator('.skeleton[aria-busy=true]').waitFor();
    expect(await page.getByRole('status').allTextContents()).to.include('Loading logs');
    // No number: 0 would say that there are no errors.
    expect(await page.locator('.level-chip').allInnerTexts()).to.deep.equal(['DEBUG', 'INFO', 'WARN', 'ERROR']);
    viewer.interfere(undefined);
    for (const answer of held) answer();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
    expect(await page.locator('.skeleton').count()).to.equal(0);
    await button('INFO 1 line').waitFor();
  });

  it('Normal mode keeps the present logs while it loads others', async () => {
    await viewer.append(log(1));
    await open();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
    const held: (() => void)[] = [];
    viewer.interfere((_req, _res, next) => void held.push(next));
    await button('Refresh').click();
    await page.locator('.log-table[aria-busy=true]').waitFor();
    expect(await page.getByRole('link', { name: 'Line 1' }).isVisible()).to.equal(true);
    viewer.interfere(undefined);
    for (const answer of held) answer();
    await page.locator('.log-table[aria-busy=false]').waitFor();
  });

  it('shows that there are no logs yet, and the first one after a refresh', async () => {
    await open();
    await page.getByRole('heading', { name: 'No logs yet' }).waitFor();
    await viewer.append(log(1));
    await page.getByRole('status').getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
  });

  it('shows that no logs match, and clears the filters', async () => {
    await viewer.append(log(1));
    await open('?q=nowhere&level=ERROR');
    await page.getByRole('heading', { name: 'No logs match' }).waitFor();
    await page.getByRole('status').getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
    expect(await page.getByLabel('Search').inputValue()).to.equal('');
  });

  it('shows that a page is no longer kept, and goes to the newest', async () => {
    await viewer.append(...logs(2));
    await open('?up_to=AAAAAAAAAAAAAAAAAAAAAA');
    await page.getByRole('heading', { name: 'These logs are no longer kept' }).waitFor();
    await button('Show the newest').click();
    await page.getByRole('link', { name: 'Line 2' }).waitFor();
  });

  it('shows why the logs could not be loaded, and loads them on request', async () => {
    await viewer.append(log(1));
    // So late that the page does not try again by itself.
    viewer.interfere((_req, res) => void res.status(503).set('Retry-After', '600').end());
    await open();
    allow(/status of 503/);
    const alert = page.getByRole('alert').filter({ hasText: 'The logs could not be loaded' });
    await alert.getByText('The server responded with 503').waitFor();
    viewer.interfere(undefined);
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
  });

  it('keeps the present logs if reloading them fails', async () => {
    await viewer.append(log(1));
    await open();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
    viewer.interfere((req) => void req.socket.destroy());
    allow(/status of 502/);
    await button('Refresh').click();
    const alert = page.getByRole('alert').filter({ hasText: 'The logs could not be loaded again' });
    await alert.getByText('The log service did not answer.').waitFor();
    expect(await page.getByRole('link', { name: 'Line 1' }).isVisible()).to.equal(true);
    // With other filters the present logs would be wrong.
    await button('Only ERROR').click();
    await page.getByRole('heading', { name: 'The logs could not be loaded' }).waitFor();
    expect(await page.getByRole('link', { name: 'Line 1' }).count()).to.equal(0);
    viewer.interfere(undefined);
    await button('Clear filters').click();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
    expect(await alert.count()).to.equal(0);
  });

  it('shows the log service’s reason for refusing a value of the address', async () => {
    viewer.interfere((_req, res) => {
      res.status(400).type('application/problem+json');
      res.send(JSON.stringify({ title: 'Bad Request', detail: 'search: at most 200 characters' }));
    });
    await open();
    allow(/status of 400/);
    await page.getByText('search: at most 200 characters').waitFor();
  });

  it('shows that the server can’t be reached, and loads again by itself when it can', async () => {
    await viewer.append(log(1));
    await open();
    await page.getByRole('link', { name: 'Line 1' }).waitFor();
    allow(/ERR_INTERNET_DISCONNECTED/);
    await page.context().setOffline(true);
    await button('Refresh').click();
    const said = page.getByText('The server can’t be reached. Check that it runs and that you are online.');
    await said.waitFor();
    // It is tried again as soon as the network is back.
    await page.context().setOffline(false);
    await said.waitFor({ state: 'detached' });
  });

  it('shows in a toast that a newer page could not be loaded, and keeps the present one', async () => {
    await viewer.append(...logs(60));
    await open('?size=50');
    await button('Older').click();
    await page.getByRole('link', { name: 'Line 10' }).waitFor();
    viewer.interfere((req) => void req.socket.destroy());
    allow(/status of 502/);
    await button('Newer').click();
    const toast = page.getByRole('alert').getByText('The newer logs could not be loaded');
    await toast.waitFor();
    expect(await page.getByRole('link', { name: 'Line 10' }).isVisible()).to.equal(true);
    await page.getByRole('button', { name: 'Dismiss: The newer logs could not be loaded' }).click();
    await toast.waitFor({ state: 'detached' });
  });

  it('Normal mode shows that it needs JavaScript', async () => {
    ({ page } = await suite.visit('', { javaScriptEnabled: false }));
    await page.getByRole('heading', { name: 'The log viewer needs JavaScript' }).waitFor();
  });
});
