import { expect } from 'chai';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

/** The focused element: its accessible name, and whether its focus is visible. */
interface Focus {
  name: string;
  visible: boolean;
  inView: boolean;
}

/** More than the page has tab stops. */
const trapped = 60;

/** The name of a row's button: level, time, message and stage. */
const rowName = /^[A-Z]+, \d\d:\d\d:\d\d\.\d{3}, Line \d+, stage/;

describe('Stream mode by keyboard alone', () => {
  const suite = viewerSuite(60);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await viewer.line(60).waitFor();
  });

  const press = (key: string) => viewer.page.keyboard.press(key);
  const focus = () =>
    viewer.page.evaluate((): Focus => {
      const element = document.activeElement as HTMLElement;
      const label = element.closest('label') ?? element;
      const name = element.getAttribute('aria-label') ?? label.textContent ?? '';
      // The focus ring of a control may be drawn by its label or its parent.
      const drawn = [element, label, element.parentElement!].some((each) => {
        const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(each);
        return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0 && !/, 0\)$/.test(outlineColor);
      });
      const { top, bottom } = label.getBoundingClientRect();
      return { name: name.trim(), visible: drawn, inView: bottom > 0 && top < innerHeight };
    });
  /** Presses Tab until an element with this name has the focus. @returns the names of all stops */
  const tabTo = async (name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<string[]> => {
    const stops: string[] = [];
    while (stops.length < trapped) {
      await press(key);
      const stop = await focus();
      expect(stop, `the focus on "${stop.name}"`).to.include({ visible: true, inView: true });
      stops.push(stop.name);
      if (name.test(stop.name)) return stops;
    }
    throw new Error(`The keyboard does not get to ${name}, only to ${[...new Set(stops)].join(', ')}`);
  };

  it('Tab reaches every control in reading order with a visible focus, and leaves at the end', async () => {
    await viewer.page.reload();
    await viewer.until('connected');
    await viewer.line(60).waitFor();
    const stops = await tabTo(/^Download NDJSON$/);
    const expected = [
      /^Skip to the logs$/,
      /^Sign out$/,
      /^Normal$/,
      /^Stream$/,
      /^Disconnect$/,
      /^Test backend$/,
      /^Clear streamed$/,
      /^Start over$/,
      /^DEBUG \d/,
      /^Only DEBUG$/,
      /^INFO \d/,
      /^WARN \d/,
      /^ERROR \d/,
      /^Find in lines$/,
      /^Regular expression$/,
      /^Only found$/,
      /^Time, run, stage$/,
      /^Lines over time/,
      /^The volume as a table$/,
      /^Pause$/,
      /^Next error/,
      /^Oldest first$/,
      /^Wrap$/,
      /^Keyboard shortcuts/,
      /^Log lines, newest first$/,
      rowName,
      /^Download text$/,
      /^Download NDJSON$/,
    ];
    const met = expected.map((name) => stops.findIndex((stop) => name.test(stop)));
    expect(met).to.not.include(-1);
    expect(met).to.deep.equal([...met].sort((a, b) => a - b));
    // All lines together are one tab stop.
    expect(stops.filter((stop) => rowName.test(stop))).to.have.length(1);
    // After the last stop comes the browser's own control or the first stop.
    await press('Tab');
    expect((await focus()).name).to.not.equal('Download NDJSON');
    await tabTo(/^Disconnect$/, 'Shift+Tab');
  });

  it('the keyboard operates everything: modes, connection, filter, find, lines, copy, jump, download, help, sign-out', async () => {
    const { page } = viewer;
    await page.goto(suite.stage.url);
    await viewer.button('Refresh').waitFor();
    await tabTo(/^Stream$/);
    await press('Enter');
    await viewer.until('connected');
    await viewer.line(60).waitFor();

    await tabTo(/^Disconnect$/);
    await press('Enter');
    await viewer.until('idle');
    // The pressed button has another label now, and must keep the focus.
    expect((await focus()).name).to.equal('Connect');
    await press('Enter');
    await viewer.until('connected');

    await tabTo(/^DEBUG/);
    await press('Space');
    await viewer.untilRows(45);
    await press('/');
    expect((await focus()).name).to.equal('Find in lines');
    await page.keyboard.type('line 5');
    await viewer.untilRows(9);
    await press('Enter');
    await page.locator('.Stream-found').getByText('1 of 9').waitFor();
    await press('Escape');
    await viewer.untilRows(45);

    await tabTo(rowName);
    await press('ArrowDown');
    await press('ArrowDown');
    await press('ArrowUp');
    const { name } = await focus();
    await press('Enter');
    await page.getByRole('region', { name: 'Details of the line' }).waitFor();
    expect((await focus()).name).to.equal(name);
    await tabTo(/^\S*\s*Copy line$/);
    await press('Enter');
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).includes('Line'));

    await suite.stage.write(4);
    await viewer.jump.getByText('3 new, 1 error').waitFor();
    await tabTo(/3 new, 1 error$/, 'Shift+Tab');
    await press('Enter');
    await viewer.line(63).waitFor();
    // The button has been removed: the focus moves to the list, not to the start of the page.
    expect((await focus()).name).to.equal('Log lines, newest first');

    await tabTo(/^Download NDJSON$/);
    const coming = page.waitForEvent('download');
    await press('Enter');
    expect((await coming).suggestedFilename()).to.match(/\.ndjson$/);

    await press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await dialog.waitFor();
    expect(await dialog.evaluate((element) => element.contains(document.activeElement))).to.equal(true);
    await press('Tab');
    // Tab may reach the browser's own controls, but not the page behind the dialog.
    const behind = () => viewer.page.evaluate(() => document.activeElement?.closest('.Stream > :not(dialog)') ?? null);
    expect(await behind()).to.equal(null);
    await press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect((await focus()).name).to.equal('Download NDJSON');

    viewer.allow(/status of 403|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    await tabTo(/^Sign out$/, 'Shift+Tab');
    await press('Enter');
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await tabTo(/Sign in$/);
  });

  it('End scrolls to the oldest line, Home to the newest, where the list follows again', async () => {
    await tabTo(/^Log lines, newest first$/);
    await press('End');
    await viewer.line(1).waitFor();
    await viewer.jump.waitFor();
    await press('Home');
    await viewer.line(60).waitFor();
    await viewer.jump.waitFor({ state: 'detached' });
  });

  it('a focused line keeps the focus while lines arrive and when it is scrolled out of view', async () => {
    await tabTo(rowName);
    const { name } = await focus();
    await suite.stage.write(200);
    await viewer.jump.getByText('200 new').waitFor();
    expect(await focus()).to.deep.include({ name, inView: true });
    await viewer.page.locator('.Stream-list').evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await viewer.line(1).waitFor();
    expect((await focus()).name).to.equal(name);
    await press('ArrowDown');
    expect((await focus()).inView).to.equal(true);
  });
});
