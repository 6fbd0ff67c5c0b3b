import { expect } from 'chai';
import { untilFresh } from './support/page.ts';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

/** The first visible row, and the position of its top edge relative to the list, in pixels. */
interface Top {
  text: string;
  px: number;
}

const topRow = (viewer: StreamPage): Promise<Top> =>
  viewer.page.evaluate(() => {
    const edge = document.querySelector('.Stream-list')!.getBoundingClientRect().top;
    const rows = [...document.querySelectorAll('[data-testid=line]')]
      .map((row) => ({ box: row.getBoundingClientRect(), text: row.querySelector('.Stream-message')!.textContent! }))
      .filter(({ box }) => box.bottom > edge + 1)
      .sort((a, b) => a.box.top - b.box.top);
    return { text: rows[0]!.text, px: Math.round(rows[0]!.box.top - edge) };
  });

describe('following and pausing in Stream mode', () => {
  const suite = viewerSuite(150);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open();
    await viewer.line(150).waitFor();
  });

  /** Scrolls with the mouse wheel. */
  const scroll = async (px: number) => {
    await viewer.lines.first().hover();
    const before = await viewer.page.locator('.Stream-list').evaluate(({ scrollTop }) => scrollTop);
    await viewer.page.mouse.wheel(0, px);
    await viewer.page.waitForFunction((from) => document.querySelector('.Stream-list')!.scrollTop !== from, before);
  };
  /** Scrolls away from the newest line, and resolves when the scrolling has ended. */
  const scrollAway = async (px = 640) => {
    await scroll(px);
    await viewer.jump.waitFor();
    await viewer.page.waitForFunction((least) => document.querySelector('.Stream-list')!.scrollTop >= least, px);
  };

  it('shows each new line at the top until the user scrolls', async () => {
    for (let number = 151; number <= 153; number += 1) {
      await suite.stage.write();
      await viewer.line(number).waitFor();
      expect(await topRow(viewer)).to.deep.equal({ text: `Line ${number}`, px: 0 });
    }
    expect(await viewer.jump.count()).to.equal(0);
  });

  it('pauses when the user scrolls away, counts new lines, and jumps back to the newest', async () => {
    await scrollAway();
    await viewer.jump.getByText('Go to the newest').waitFor();
    // Every fourth is an error: of 151 to 173 these are 151, 155, …, 171.
    await suite.stage.write(23);
    await viewer.jump.getByText('23 new, 6 errors').waitFor();
    await viewer.jump.click();
    await viewer.line(173).waitFor();
    expect(await topRow(viewer)).to.deep.equal({ text: 'Line 173', px: 0 });
    await viewer.jump.waitFor({ state: 'detached' });
    await suite.stage.write();
    await viewer.line(174).waitFor();
  });

  it('counts only new lines that pass the filters', async () => {
    await viewer.level('ERROR').click();
    await scrollAway();
    await suite.stage.write(23);
    await viewer.jump.getByText(/(?<!\d)17 new$/).waitFor();
  });

  it('follows again when the user scrolls back to the top', async () => {
    await scrollAway();
    await scroll(-10_000);
    await viewer.jump.waitFor({ state: 'detached' });
    await suite.stage.write();
    await viewer.line(151).waitFor();
  });

  it('keeps the visible rows in place while lines arrive', async () => {
    await scrollAway(655);
    const before = await topRow(viewer);
    for (const [count, total] of [
      [1, 1],
      [40, 41],
      [500, 541],
    ] as const) {
      await suite.stage.write(count);
      await viewer.jump.getByText(`${total} new`).waitFor();
      expect(await topRow(viewer)).to.deep.equal(before);
    }
  });

  it('keeps the visible rows in place in every frame of a running flow', async () => {
    await scrollAway(655);
    const before = await topRow(viewer);
    await viewer.page.evaluate(() => {
      const moved: string[] = [];
      Object.assign(window, { moved });
      const list = document.querySelector('.Stream-list')!;
      const edge = list.getBoundingClientRect().top;
      const look = () => {
        const rows = [...list.querySelectorAll('[data-testid=line]')].map((row) => ({
          box: row.getBoundingClientRect(),
          text: row.querySelector('.Stream-message')!.textContent!,
        }));
        const top = rows.filter(({ box }) => box.bottom > edge + 1).sort((a, b) => a.box.top - b.box.top)[0];
        const seen = top === undefined ? 'nothing' : `${top.text} ${Math.round(top.box.top - edge)}`;
        if (seen !== moved.at(-1)) moved.push(seen);
        requestAnimationFrame(look);
      };
      look();
    });
    const stop = suite.stage.flow();
    await viewer.jump.getByText(/\d{3} new/).waitFor();
    await stop();
    const seen = await viewer.page.evaluate(() => (window as unknown as { moved: string[] }).moved);
    expect(seen).to.deep.equal([`${before.text} ${before.px}`]);
  });

  it('keeps the visible rows in place when older lines are loaded, down to the oldest', async () => {
    await suite.stage.write(100);
    await viewer.untilTotal(150, 100);
    await viewer.button('Start over').click();
    await viewer.untilTotal(200, 0);
    await viewer.line(250).waitFor();
    await scroll(100_000);
    await viewer.line(51).waitFor();
    const before = await topRow(viewer);
    await viewer.button('Load older lines').click();
    await viewer.page.getByTestId('total').getByText('250 original').waitFor();
    expect(await topRow(viewer)).to.deep.equal(before);
    await scroll(100_000);
    await viewer.page.getByText('This is the oldest stored line.').waitFor();
    await viewer.line(1).waitFor();
  });

  it('pauses when a line is opened, so that new lines do not move it', async () => {
    await viewer.line(148).click();
    await viewer.jump.waitFor();
    await viewer.page.getByRole('region', { name: 'Details of the line' }).waitFor();
    const before = await viewer.line(148).boundingBox();
    await suite.stage.write(30);
    await viewer.jump.getByText('30 new').waitFor();
    const { y } = (await viewer.line(148).boundingBox())!;
    expect(y).to.be.closeTo(before!.y, 1);
  });

  it('the list says why it is paused, also after the line was opened in context, until it follows again', async () => {
    const reason = (text: string) => viewer.page.getByRole('group', { name: 'List' }).getByText(text, { exact: true });
    const described = async () => await viewer.button('Pause').getAttribute('aria-describedby');
    expect(await described()).to.equal(null);
    await viewer.line(148).click();
    await reason('Paused because you opened a line').waitFor();
    expect(await described()).to.equal(await reason('Paused because you opened a line').getAttribute('id'));
    await viewer.page.getByRole('link', { name: 'View in context' }).click();
    await viewer.button('Back to the list').click();
    await reason('Paused because you opened a line').waitFor();
    await viewer.jump.click();
    await reason('Paused because you opened a line').waitFor({ state: 'detached' });
    await viewer.line(149).click({ modifiers: ['Shift'] });
    await reason('Paused because you selected lines').waitFor();
    await viewer.jump.click();
    await viewer.page.locator('.Stream-list').hover();
    await viewer.page.mouse.wheel(0, 600);
    await reason('Paused because you scrolled or went to a line').waitFor();
    await viewer.jump.click();
    await viewer.button('Pause').click();
    expect(await described()).to.equal(null);
  });

  it('the reason of a pause moves no line, however narrow the window is', async () => {
    const top = async () => (await viewer.page.locator('.Stream-list').boundingBox())!.y;
    const toggle = viewer.line(148).getByRole('button').first();
    const details = viewer.page.getByRole('region', { name: 'Details of the line' });
    for (const width of [1280, 1000, 800, 640, 390]) {
      await viewer.page.setViewportSize({ width, height: 700 });
      await viewer.button('Pause').click();
      await viewer.jump.waitFor();
      // The pressed button is the reason, so no text is shown.
      const before = await top();
      await viewer.jump.click();
      await toggle.click();
      await details.waitFor();
      await viewer.page.locator('#list-bar-why').waitFor({ state: 'attached' });
      expect(await top(), `${width} px`).to.equal(before);
      await toggle.click();
      await details.waitFor({ state: 'detached' });
      await viewer.jump.click();
    }
  });

  it('keeps the visible rows in place and the totals exact when a full list drops its oldest lines', async () => {
    // Short events, which don't pass the store: the list is what this test is about.
    for (let count = 0; count < 99_800; ) {
      const filler = Array.from({ length: 9_980 }, () => `data: filler ${++count}\n\n`);
      suite.stage.say(filler.join(''));
      await untilFresh(viewer.page, count);
    }
    await viewer.untilRows(99_950);
    await scrollAway(655);
    const before = await topRow(viewer);
    await suite.stage.write(300);
    await viewer.page.getByText('250 older lines were removed from the list').waitFor();
    await viewer.jump.getByText('300 new').waitFor();
    expect(await topRow(viewer)).to.deep.equal(before);
    await viewer.untilTotal(150, 100_100);
    await viewer.untilRows(100_000);
    await viewer.page.locator('.Stream-list').press('End');
    // 150 stored lines and 100 others were the oldest.
    await viewer.lines.getByText('filler 101', { exact: true }).waitFor();
  });

  it('pauses when text is selected, opens no line, and keeps the selection while lines arrive', async () => {
    const { x, y } = (await viewer.line(147).locator('.Stream-message').boundingBox())!;
    await viewer.page.mouse.move(x + 1, y + 8);
    await viewer.page.mouse.down();
    await viewer.page.mouse.move(x + 40, y + 8, { steps: 4 });
    await viewer.page.mouse.up();
    const selected = () => viewer.page.evaluate(() => String(getSelection()));
    const before = await selected();
    expect(before).to.match(/^Li?n?e?/);
    await suite.stage.write(30);
    await viewer.jump.getByText('30 new').waitFor();
    expect(await selected()).to.equal(before);
    expect(await viewer.page.getByRole('region', { name: 'Details of the line' }).count()).to.equal(0);
  });

  it('opens the newest line wherever it is clicked, although the button to the newest appears above it', async () => {
    for (const share of [0.5, 0.93]) {
      const { width } = (await viewer.line(150).boundingBox())!;
      await viewer.line(150).click({ position: { x: share * width, y: 12 } });
      await viewer.page.getByRole('region', { name: 'Details of the line' }).waitFor();
      await viewer.line(150).getByRole('button').first().click();
      await viewer.page.getByRole('region', { name: 'Details of the line' }).waitFor({ state: 'detached' });
      await viewer.jump.click();
    }
  });

  it('keeps the position while Normal mode is shown', async () => {
    await scrollAway(655);
    const { text } = await topRow(viewer);
    await viewer.page.getByRole('link', { name: 'Normal' }).click();
    await viewer.button('Refresh').waitFor();
    await suite.stage.write(20);
    await viewer.page.getByRole('link', { name: 'Stream' }).click();
    await viewer.jump.getByText('20 new').waitFor();
    expect((await topRow(viewer)).text).to.equal(text);
  });
});
