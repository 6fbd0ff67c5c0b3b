import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { axeViolations } from './support/viewer-axe.ts';
import { pageStates } from './support/viewer-states.ts';
import { viewerSuite } from './support/viewer-suite.ts';

/** Folder for screenshots of every state, none by default. */
const { SCREENSHOTS } = process.env;

/** Each state is tested in one of them, because axe takes most of a test's time, and photographed in all. */
const looks = [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 390 },
  { colorScheme: 'light', width: 1024 },
  { colorScheme: 'dark', width: 1440 },
  { colorScheme: 'light', width: 390 },
  { colorScheme: 'dark', width: 1024 },
] as const;

/** Resolves when the page has this width, has rendered with it, and no colour is changing. */
async function settled(page: Page, width: number): Promise<void> {
  await page.waitForFunction((wanted) => innerWidth === wanted, width);
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    const ending = document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
}

describe('accessibility of the log viewer', () => {
  const suite = viewerSuite(0);

  for (const [index, [name, state]] of Object.entries(pageStates).entries()) {
    const { stored = 30, allow, before, query = '', reach } = state;
    it(`has no axe violation and fits a width of 320 px: ${name}`, async () => {
      if (stored > 0) await suite.stage.write(stored);
      before?.(suite.stage);
      const viewer = await suite.visit({}, query);
      if (allow) viewer.allow(allow);
      await reach(viewer, suite.stage);
      const violations: Record<string, string[]> = {};
      const own = looks[index % looks.length]!;
      for (const look of SCREENSHOTS ? looks : [own]) {
        const { colorScheme, width } = look;
        await viewer.page.emulateMedia({ colorScheme });
        await viewer.page.setViewportSize({ width, height: 800 });
        await settled(viewer.page, width);
        if (SCREENSHOTS) {
          const file = `${name} ${colorScheme} ${width}.png`.replace(/[^\w.]+/g, '-');
          await viewer.page.screenshot({ path: join(SCREENSHOTS, file) });
        }
        if (look !== own) continue;
        const found = await axeViolations(viewer.page);
        if (found.length > 0) violations[`${colorScheme}, ${width} px`] = found;
      }
      expect(violations).to.deep.equal({});

      await viewer.page.setViewportSize({ width: 320, height: 640 });
      await settled(viewer.page, 320);
      const overhang = await viewer.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overhang).to.be.at.most(0);
    });
  }

  it('shows the connection, the totals and at least 150 px of the list on a screen of 320 by 640 px', async () => {
    await suite.stage.write(30);
    const viewer = await suite.open({ viewport: { width: 320, height: 640 } });
    await viewer.line(30).waitFor();
    const box = async (selector: string) => (await viewer.page.locator(selector).boundingBox())!;
    const [status, list, footer] = [
      await box('.Stream-status'),
      await box('.Stream-list'),
      await box('.Stream-footer'),
    ];
    for (const { x, y, width, height } of [status, footer]) {
      expect(Math.min(x, y)).to.be.at.least(0);
      expect(x + width).to.be.at.most(320);
      expect(y + height).to.be.at.most(640);
    }
    expect(Math.min(list.y + list.height, footer.y) - list.y).to.be.at.least(150);
    expect(list.x + list.width).to.be.at.most(320);
  });
});
