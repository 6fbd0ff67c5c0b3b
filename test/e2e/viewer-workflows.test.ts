import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { workflows } from '../../examples/datashop/src/demo.ts';
import { normalSuite } from './support/normal-suite.ts';
import type { Visit } from './support/page.ts';
import { log, type Viewer } from './support/viewer.ts';

const addressOf = (url: string, { workspaceID, workflowID }: { workspaceID: string; workflowID: string }) =>
  new URL(`?${new URLSearchParams({ mode: 'stream', workspace: workspaceID, workflow: workflowID })}`, url).href;

describe('the workflows of the log viewer', () => {
  const suite = normalSuite();
  let viewer: Viewer;
  let page: Page;
  let allow: Visit['allow'];

  beforeEach(async () => {
    ({ viewer } = suite);
    for (const [name, workflow] of Object.entries(workflows)) {
      await viewer.append(log(1, { ...workflow, message: `Stored in ${name}` }));
    }
    ({ page, allow } = await suite.visit());
    await page.getByRole('link', { name: 'Stored in movies' }).waitFor();
  });

  it('the header leads to the user\u2019s other workflow, in both modes, and to none of another user', async () => {
    const nav = page.getByRole('navigation', { name: 'Workflows' });
    expect(await nav.getByRole('link').count()).to.equal(2);
    await nav.getByRole('link', { name: 'penguin-survey' }).click();
    await page.getByRole('link', { name: 'Stored in penguins' }).waitFor();
    expect(await page.getByText('Stored in movies').count()).to.equal(0);
    await page.getByRole('link', { name: 'Stream' }).click();
    await page.waitForSelector('[data-testid=connection][data-status=connected]');
    await viewer.append(log(2, { ...workflows.movies, message: 'Live in movies' }));
    await viewer.append(log(2, { ...workflows.penguins, message: 'Live in penguins' }));
    await page.getByText('Live in penguins').first().waitFor();
    expect(await page.getByText('Live in movies').count()).to.equal(0);
  });

  it('the header\u2019s links keep text, levels and time, so that the same error is found in the other workflow', async () => {
    const message = 'Lookup failed: connect ECONNREFUSED';
    for (const [name, workflow] of Object.entries(workflows)) {
      const options = { ...workflow, logLevel: 'ERROR', description: `in ${name}` } as const;
      await viewer.append(log(2, { ...options, message }), log(3, { ...options, message: 'Another error' }));
    }
    const filters = { level: 'ERROR', from: '2026-01-15T12:00:02.000Z', run: '4021' };
    await page.goto(`${viewer.url}?${new URLSearchParams(filters)}`);
    await page.getByRole('link', { name: message }).click();
    await page.getByRole('button', { name: 'Find this text' }).click();
    await page.getByRole('navigation', { name: 'Workflows' }).getByRole('link', { name: 'penguin-survey' }).click();
    await page.getByText('in penguins').waitFor();
    expect(await page.locator('.log-link').allTextContents()).to.deep.equal([message]);
    const { run: _, ...kept } = filters;
    const { workspaceID: workspace, workflowID: workflow } = workflows.penguins;
    expect(Object.fromEntries(new URL(page.url()).searchParams)).to.deep.equal({
      ...kept,
      q: message,
      workspace,
      workflow,
    });
  });

  it('the header\u2019s links leave out the run and the line, which the other workflow does not have', async () => {
    const filters = { mode: 'stream', stage: 'REPORT', run: '4021', log: 'AAAAAAAAAAAAAAAAAAAAAA' };
    await page.goto(`${viewer.url}?${new URLSearchParams({ ...filters, around: filters.log })}`);
    const link = page.getByRole('navigation', { name: 'Workflows' }).getByRole('link', { name: 'penguin-survey' });
    const { searchParams } = new URL((await link.getAttribute('href'))!, viewer.url);
    const { workspaceID: workspace, workflowID: workflow } = workflows.penguins;
    expect(Object.fromEntries(searchParams)).to.deep.equal({ mode: 'stream', stage: 'REPORT', workspace, workflow });
  });

  it('a link to a workflow of another user shows no log, and that user\u2019s sign-in opens it', async () => {
    await page.goto(addressOf(viewer.url, workflows.earthquakes));
    const main = page.getByRole('main');
    await main.getByRole('heading', { name: 'You may not read this workflow' }).waitFor();
    await main.getByText('The link leads to seismology / earthquakes.').waitFor();
    expect(await page.getByText('Stored in earthquakes').count()).to.equal(0);
    expect(await page.getByRole('link', { name: 'earthquakes' }).count()).to.equal(0);
    allow(/status of 403/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('User').selectOption('grace');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Stored in earthquakes').first().waitFor();
  });
});
