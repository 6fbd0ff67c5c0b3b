import { expect } from 'chai';
import { untilFresh } from './support/page.ts';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

const traceback = ['Traceback (most recent call last):', '  File "job.py", line 7, in run', 'KeyError: 7'];

/** Data of the events, oldest first, each with its expected badge and group. */
const lines: [data: string, badge: string | null, group: string][] = [
  ['starting', null, 'OTHER'],
  [JSON.stringify({ logLevel: 'FATAL', message: 'out of memory' }), 'FATAL', 'ERROR'],
  ...traceback.map((text): (typeof lines)[number] => [text, null, 'ERROR']),
  [JSON.stringify({ logLevel: 'critical', message: 'no disk' }), 'CRITICAL', 'ERROR'],
  [JSON.stringify({ logLevel: 'error', message: 'lower case' }), 'ERROR', 'ERROR'],
  [JSON.stringify({ logLevel: 'Warning', message: 'mixed case' }), 'WARNING', 'WARN'],
  [JSON.stringify({ logLevel: 'info', message: 'back' }), 'INFO', 'INFO'],
  [JSON.stringify({ logLevel: 'NOTICE', message: 'another' }), 'NOTICE', 'OTHER'],
  [JSON.stringify({ message: 'a document without a level' }), null, 'OTHER'],
];

describe('levels other than the four in Stream mode', () => {
  const suite = viewerSuite(0);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open();
    for (const [data] of lines) suite.stage.say(`data: ${data}\n\n`);
    await untilFresh(viewer.page, lines.length);
    await viewer.untilRows(lines.length);
  });

  const shown = () =>
    viewer.lines.evaluateAll((rows) =>
      rows
        .sort((a, b) => Number(b.dataset.index) - Number(a.dataset.index))
        .map((row) => [row.querySelector('.level-badge')?.textContent ?? null, row.dataset.level]),
    );

  it('unknown levels have a badge with their own name, and the colours of their group', async () => {
    expect(await shown()).to.deep.equal(lines.map(([, badge, group]) => [badge, group]));
    const colour = (badge: string) =>
      viewer.page
        .locator('.level-badge')
        .getByText(badge, { exact: true })
        .evaluate((element) => getComputedStyle(element.closest('.level-badge')!).backgroundColor);
    expect(await colour('FATAL')).to.equal(await colour('ERROR'));
    expect(await colour('CRITICAL')).to.equal(await colour('ERROR'));
    expect(await colour('NOTICE')).to.not.equal(await colour('ERROR'));
  });

  it('unknown levels are hidden only by the switch of their group, which counts them', async () => {
    for (const group of ['DEBUG', 'INFO', 'WARN', 'ERROR', 'OTHER']) {
      const count = lines.filter(([, , of]) => of === group).length;
      expect(await viewer.level(group).locator('.level-chip-count').textContent()).to.equal(String(count));
      await viewer.level(group).click();
      await viewer.page.locator(`[role=listitem][data-level=${group}]`).first().waitFor({ state: 'detached' });
      await viewer.untilRows(lines.length - count);
      await viewer.level(group).click();
      await viewer.untilRows(lines.length);
    }
  });
});
