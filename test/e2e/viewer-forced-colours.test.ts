import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

/** Where a screenshot of each theme goes, nowhere by default. */
const { SCREENSHOTS } = process.env;

describe('the log viewer in the system’s forced colours, without motion', () => {
  const suite = viewerSuite(0);
  let viewer: StreamPage;

  const style = (locator: Locator, ...properties: string[]) =>
    locator
      .first()
      .evaluate(
        (element, names) => names.map((name) => getComputedStyle(element).getPropertyValue(name)).join(' '),
        properties,
      );
  const background = (locator: Locator) => style(locator, 'background-color');
  const row = (level: string) => viewer.page.locator(`[data-testid=line][data-level=${level}] .Stream-line`);
  /** Fails if two of them are equal. */
  const differ = (styles: Record<string, string>) => {
    expect(new Set(Object.values(styles)).size, JSON.stringify(styles)).to.equal(Object.keys(styles).length);
  };

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`distinguishes levels, focus, selected lines and the chart’s bars, and moves nothing, ${colorScheme}`, async () => {
      await suite.stage.write(60);
      viewer = await suite.open({ forcedColors: 'active', reducedMotion: 'reduce', colorScheme });
      await viewer.line(60).waitFor();

      for (const level of ['DEBUG', 'INFO', 'WARN', 'ERROR']) {
        expect(await row(level).first().locator('.level-badge').textContent()).to.equal(level);
      }
      const edges = ['border-left-style', 'border-left-color'];
      differ({
        INFO: await style(row('INFO'), ...edges),
        WARN: await style(row('WARN'), ...edges),
        ERROR: await style(row('ERROR'), ...edges),
      });

      const bars = viewer.page.locator('.volume-bars[d^=M]');
      const drawn = await bars.evaluateAll((paths) =>
        paths.map((path) => getComputedStyle(path)).map(({ fill, stroke }) => `${fill} ${stroke}`),
      );
      expect(drawn).to.have.length(4);
      expect(new Set(drawn).size, drawn.join()).to.equal(4);

      // A switch that is off is struck out, one that is on has another border.
      await viewer.level('DEBUG').click();
      differ({
        on: await style(viewer.level('INFO'), 'border-top-style', 'text-decoration-line'),
        off: await style(viewer.level('DEBUG'), 'border-top-style', 'text-decoration-line'),
      });

      await viewer.line(58).click();
      await viewer.line(58).click();
      await viewer.line(55).click({ modifiers: ['Shift'] });
      await viewer.page.getByText('3 lines selected').waitFor();
      const selected = viewer.page.locator('.is-selected .Stream-line');
      const other = viewer.line(54).locator('.Stream-line');
      differ({ selected: await background(selected), other: await background(other) });
      // Otherwise the system paints a box of the page's colour behind the text, which hides light text on a dark
      // selection.
      expect(await style(selected.locator('.Stream-message'), 'forced-color-adjust')).to.equal('none');
      differ({
        text: await style(selected.locator('.Stream-message'), 'color'),
        background: await background(selected),
      });

      const toggle = viewer.line(54).locator('.Stream-toggle');
      await toggle.focus();
      await viewer.page.keyboard.press('ArrowDown');
      const focused = viewer.page.locator('.Stream-toggle:focus-visible');
      await focused.waitFor();
      expect(await style(focused, 'outline-style', 'outline-width')).to.equal('solid 2px');
      differ({ outline: await style(focused, 'outline-color'), background: await background(other) });

      if (SCREENSHOTS) await viewer.page.screenshot({ path: `${SCREENSHOTS}/forced-${colorScheme}.png` });

      await viewer.button('Start over').click();
      await viewer.button('Undo').waitFor();
      const moving = await viewer.page.evaluate(() =>
        document.getAnimations().map(({ effect }) => effect?.getComputedTiming().duration),
      );
      expect(moving.filter((ms) => Number(ms) > 1)).to.deep.equal([]);
    });
  }
});
