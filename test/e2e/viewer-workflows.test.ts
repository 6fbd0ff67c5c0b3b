import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { workflows } from '../../examples/datashop/src/demo.ts';
import { type Visit, visit, watchPages } from './support/page.ts';
import { log, startViewer, type Viewer } from './support/viewer.ts';
import { viewerBrowser } from './support/viewer-browser.ts';

const addressOf = (url: string, { workspaceID, workflowID }: { workspaceID: string; workflowID: string }) =>
  new URL(`?${new URLSearchParams({ mode: 'stream', workspace: workspaceID, workflow: workflowID })}`, url).href;

describe('the workflows of the log viewer', () => {
  watchPages();
  let viewer: Viewer;
  let page: Page;
  let allow: Visit['allow'];

  beforeEach(async () => {
    viewer = await startViewer();
    for (const [name, workflow] of Object.entries(workflows)) {
      await viewer.append(log(1, { ...workflow, message: `Stored in ${name}` }));
    }
    ({ page, allow } = await visit(await viewerBrowser(), viewer.url));
    await page.getByRole('link', { name: 'Stored in movies' }).waitFor();
  });
  afterEach(async () => {
    await page?.context().close();
    await viewer.close();
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

  it('a link to a workflow of another user shows no log, and that user\u2019s sign-in opens it', async () => {
    await page.goto(addressOf(viewer.url, workflows.earthquakes));
    await page.getByRole('heading', { name: 'You may not read this workflow' }).waitFor();
    expect(await page.getByText('earthquakes').count()).to.equal(0);
    allow(/status of 403/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('User').selectOption('grace');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Stored in earthquakes').first().waitFor();
  });
});
