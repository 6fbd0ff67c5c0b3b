import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { range } from '../../support/viewer-page.ts';
import { type BrowserSuite, stored } from '../support/browser-suite.ts';

export function listScenarios(suite: BrowserSuite): void {
  it('finds lines while the user types, also among those that arrive later', async () => {
    const tab = await suite.open();
    await suite.stage.write(9);
    await tab.untilTotal(stored, 9);
    await tab.type('[type=search]', 'line 1');
    await tab.until('document.querySelectorAll("[data-testid=line] mark").length === 4');
    expect(await tab.rows()).to.deep.equal([1, 10, 11, 12]);
    await suite.stage.write(2);
    await tab.until('document.querySelectorAll("[data-testid=line] mark").length === 6');
    expect(await tab.rowsOnScreen()).to.deep.equal([14, 13, 12, 11, 10, 1]);
  });

  it('hides a level and shows only one, with a click each', async () => {
    const tab = await suite.open();
    await suite.stage.write(5);
    await tab.untilTotal(stored, 5);
    await tab.click('DEBUG', '.level-chip');
    await tab.until('document.querySelectorAll("[data-testid=line]").length === 6');
    expect(await tab.rowsOnScreen()).to.deep.equal([7, 6, 5, 3, 2, 1]);
    await tab.click('Only ERROR');
    await tab.until('document.querySelectorAll("[data-testid=line]").length === 2');
    expect(await tab.rowsOnScreen()).to.deep.equal([7, 3]);
  });

  it('keeps the lines in place while it is paused, and counts the new ones', async () => {
    const tab = await suite.open();
    await tab.click('Pause');
    await suite.stage.write(40);
    await tab.untilText('[data-testid=jump]', '40 new');
    expect((await tab.rowsOnScreen()).slice(-3)).to.deep.equal([3, 2, 1]);
    const isVisible = `(() => {
      const list = document.querySelector('.Stream-list').getBoundingClientRect();
      const row = document.querySelector('[data-testid=line][aria-posinset="41"]').getBoundingClientRect();
      return row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
    })()`;
    expect(await tab.evaluate(isVisible)).to.equal(true);
    await tab.click('40 new');
    await tab.untilText('[data-testid=line][aria-posinset="1"]', 'Line 43');
  });

  it('shows stored lines page by page in Normal mode, while the stream goes on', async () => {
    await suite.stage.write(117);
    const tab = await suite.open('&size=50');
    await tab.click('Normal', '.mode-tabs a');
    const lines = (from: number, to: number) => {
      const texts = range(to, from).reverse();
      return tab.until(
        `[...document.querySelectorAll('.log-link')].map((it) => it.textContent).join() === '${texts.map((n) => `Line ${n}`)}'`,
      );
    };
    await lines(120, 71);
    await tab.click('Older');
    await lines(70, 21);
    await tab.click('Older');
    await lines(20, 1);
    await suite.stage.write(2);
    await tab.untilText('.mode-tabs', '2 new');
    await tab.click('Newest');
    await lines(122, 73);
    await tab.click('Stream', '.mode-tabs a');
    await tab.untilTotal(120, 2);
  });

  it('saves the lines shown as a file, and copies a line', async () => {
    const tab = await suite.open();
    await tab.click('Download text');
    const lines = await savedLines(suite.browser.downloads, stored);
    expect(lines).to.deep.equal(['Line 1', 'Line 2', 'Line 3']);
    await tab.click('Line 3', '.Stream-line');
    await tab.click('Copy line');
    await tab.untilText('button', 'Copied');
  });
}

/** The names of the lines in the text file that appears in a folder. A browser creates it before it has its content. */
async function savedLines(folder: string, count: number): Promise<string[]> {
  for (;;) {
    const name = (await readdir(folder)).find((it) => it.endsWith('.txt'));
    const text = name === undefined ? '' : await readFile(join(folder, name), 'utf8');
    const lines = text.match(/Line \d+/g) ?? [];
    if (lines.length >= count) return lines;
    await setTimeout(20);
  }
}
