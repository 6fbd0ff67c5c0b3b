import { expect } from 'chai';
import { launchBrowser, type RealBrowser } from '../e2e/support/browser.ts';
import { needs } from '../support/needs.ts';
import { deployed, limitReached, type PageFigures, type PageRun, upstreamDown } from './rows/chromium.ts';
import { endScenes } from './support/stage.ts';

describe('a page in Chromium that does nothing but listen', () => {
  needs('chromium');
  let chromium: RealBrowser;
  const runs = new Map<PageRun, Promise<PageFigures>>();

  before(async () => {
    chromium = await launchBrowser();
    // They run side by side, because most of the time they wait as long as `retry:` says.
    for (const run of [limitReached, upstreamDown, deployed]) {
      const figures = run(chromium.browser);
      // Each test awaits its own run, which may have failed before.
      figures.catch(() => {});
      runs.set(run, figures);
    }
  });
  after(async () => {
    await chromium?.close();
    await endScenes();
  });

  async function livesAgain(run: PageRun): Promise<string[]> {
    const figures = await runs.get(run);
    expect(figures).to.deep.include({ lost: 0, doubled: 0, reordered: 0, mangled: 0, gaveUp: 0 });
    expect(figures?.delivered).to.be.above(0);
    return figures?.own ?? [];
  }

  it('a native EventSource is live again after the limit was reached', async () => {
    expect(await livesAgain(limitReached)).to.include('refused limit');
  });

  it('a native EventSource is live again after a deploy: drained, restarted on the same port', async () => {
    expect(await livesAgain(deployed)).to.include('end draining');
  });

  it('a native EventSource is live again after the upstream was down for longer than maxOutageMs', async () => {
    const own = await livesAgain(upstreamDown);
    expect(own).to.include('end upstream-broken');
    expect(own).to.include('refused upstream');
  });
});
