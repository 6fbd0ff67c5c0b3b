import { expect } from 'chai';
import { log } from './support/viewer.ts';
import { streamsOnly } from './support/viewer-gates.ts';
import { range, type StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

describe('reading in Stream mode', () => {
  const suite = viewerSuite(60);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open({ permissions: ['clipboard-read', 'clipboard-write'], timezoneId: 'UTC' });
    await viewer.line(60).waitFor();
  });

  const clipboard = () => viewer.page.evaluate(() => navigator.clipboard.readText());
  const isAtEnd = () =>
    viewer.page.locator('.Stream-list').evaluate((list) => list.scrollHeight - list.clientHeight - list.scrollTop < 2);
  /** The number of the row with this distance from the lower edge of the list, from 0. */
  const fromBottom = (index: number) =>
    viewer.page.evaluate((nth) => {
      const edge = document.querySelector('.Stream-list')!.getBoundingClientRect().bottom;
      const rows = [...document.querySelectorAll('[data-testid=line]')]
        .map((row) => ({ box: row.getBoundingClientRect(), text: row.querySelector('.Stream-message')!.textContent! }))
        .filter(({ box }) => box.top < edge - 1)
        .sort((a, b) => b.box.top - a.box.top);
      return Number(rows[nth]!.text.slice('Line '.length));
    }, index);

  it('oldest first, the list follows the newest line at its end, pauses, and keeps the order after a reload', async () => {
    await viewer.button('Oldest first').click();
    await viewer.page.getByRole('region', { name: 'Log lines, oldest first' }).waitFor();
    expect([await isAtEnd(), await fromBottom(0), await fromBottom(1)]).to.deep.equal([true, 60, 59]);
    await suite.stage.write(2);
    await viewer.line(62).waitFor();
    expect([await isAtEnd(), await fromBottom(0)]).to.deep.equal([true, 62]);
    await viewer.page.locator('.Stream-list').hover();
    await viewer.page.mouse.wheel(0, -300);
    await viewer.jump.waitFor();
    const before = await fromBottom(0);
    await suite.stage.write(4);
    await viewer.jump.getByText('4 new, 1 error').waitFor();
    expect(await fromBottom(0)).to.equal(before);
    await viewer.jump.click();
    await viewer.line(66).waitFor();
    expect([await isAtEnd(), await fromBottom(0)]).to.deep.equal([true, 66]);
    await viewer.page.reload();
    await viewer.until('connected');
    await viewer.line(66).waitFor();
    expect(await isAtEnd()).to.equal(true);
    await viewer.page.locator('.Stream-list').press('Home');
    await viewer.line(1).waitFor();
    await viewer.button('Load older lines').click();
    await viewer.page.getByText('This is the oldest stored line.').waitFor();
  });

  it('p pauses and goes on, e goes to the next error, and the title counts the errors that were not seen', async () => {
    const current = () => viewer.page.locator('.is-current .Stream-message').textContent();
    await viewer.page.keyboard.press('p');
    await suite.stage.write(4);
    await viewer.jump.getByText('4 new, 1 error').waitFor();
    expect(await viewer.button('Pause').getAttribute('aria-pressed')).to.equal('true');
    await viewer.page.waitForFunction(() => document.title.startsWith('(1 error) '));
    expect(await viewer.page.locator('link[rel=icon]').getAttribute('href')).to.contain('icon-errors');
    await viewer.page.keyboard.press('p');
    await viewer.line(64).waitFor();
    await viewer.page.waitForFunction(() => !document.title.startsWith('('));
    await viewer.page.keyboard.press('e');
    await viewer.page.locator('.is-current').waitFor();
    expect(await current()).to.equal('Line 63');
    await viewer.page.keyboard.press('e');
    await viewer.page.locator('.is-current').getByText('Line 59', { exact: true }).waitFor();
    await viewer.page.keyboard.press('E');
    await viewer.page.locator('.is-current').getByText('Line 63', { exact: true }).waitFor();
    // An error that the filters hide is no reason to look.
    await viewer.button('Only WARN').click();
    await viewer.page.keyboard.press('p');
    await viewer.page.keyboard.press('p');
    await suite.stage.write(4);
    await viewer.jump.getByText(/(?<!\d)1 new$/).waitFor();
    expect(await viewer.page.title()).to.match(/^[^(]/);
    // The keys can be switched off.
    await viewer.button('Keyboard shortcuts (?)').click();
    await viewer.page.getByRole('checkbox', { name: /^Single keys are shortcuts/ }).uncheck();
    await viewer.page.keyboard.press('Escape');
    await viewer.page.keyboard.press('/');
    await viewer.page.keyboard.press('?');
    expect(await viewer.page.getByRole('dialog').count()).to.equal(0);
    expect(await viewer.page.getByRole('searchbox').evaluate((input) => input === document.activeElement)).to.equal(
      false,
    );
  });

  it('several lines are selected by Shift and copied as clean text, oldest first', async () => {
    const text = (...numbers: number[]) =>
      numbers
        .map(
          (number) =>
            `2026-01-15T12:00:${number}.000Z ${['DEBUG', 'INFO ', 'WARN ', 'ERROR'][number % 4]} [${number % 2 === 0 ? 'EXTRACT' : 'REPORT'}] Line ${number}`,
        )
        .join('\n');
    await viewer.line(58).getByRole('button').first().focus();
    await viewer.page.keyboard.press('Shift+ArrowDown');
    await viewer.page.keyboard.press('Shift+ArrowDown');
    await viewer.page.getByText('3 lines selected').waitFor();
    await viewer.button('Copy selected').click();
    await viewer.button('Copied').waitFor();
    expect(await clipboard()).to.equal(text(56, 57, 58));
    await viewer.line(55).click({ modifiers: ['Shift'] });
    await viewer.page.getByText('4 lines selected').waitFor();
    await viewer.line(57).getByRole('button').first().focus();
    await viewer.page.keyboard.press('Control+c');
    await viewer.page.waitForFunction(async () => (await navigator.clipboard.readText()).includes('Line 55'));
    expect(await clipboard()).to.equal(text(55, 56, 57, 58));
    await viewer.button('Cancel').click();
    // A selection of text over several rows.
    await viewer.page.evaluate(() => {
      const rows = [...document.querySelectorAll('[data-testid=line]')];
      const message = (text: string) =>
        rows.map((row) => row.querySelector('.Stream-message')!).find(({ textContent }) => textContent === text)!;
      getSelection()!.setBaseAndExtent(message('Line 59').firstChild!, 1, message('Line 57').firstChild!, 3);
    });
    await viewer.page.keyboard.press('Control+c');
    await viewer.page.waitForFunction(async () => (await navigator.clipboard.readText()).includes('Line 59'));
    expect(await clipboard()).to.equal(text(57, 58, 59));
  });

  it('days and runs are separated, a terminal’s colours are classes, and links open in another tab', async () => {
    const message = '\u001b[31mfailed\u001b[0m, see https://example.test/x.';
    await suite.stage.append(log(61, { timestamp: Date.UTC(2026, 0, 16, 8), execID: '4022', message }));
    await viewer.page.getByText('failed').waitFor();
    expect(await viewer.page.getByTestId('separator').allTextContents()).to.deep.equal([
      'Thu, 15 January 2026Run 4021',
    ]);
    expect(await viewer.page.locator('.Stream-message .ansi-red').textContent()).to.equal('failed');
    // The download has the message as it was written.
    expect((await viewer.shown()).at(-1)?.message).to.equal(message);
    const link = viewer.page.locator('.Stream-message a');
    expect([
      await link.getAttribute('href'),
      await link.getAttribute('rel'),
      await link.getAttribute('target'),
    ]).to.deep.equal(['https://example.test/x', 'noopener noreferrer', '_blank']);
  });

  it('“Undo” brings back what “Start over” has dropped, and the history shows the loss of the connection', async () => {
    await suite.stage.write(200);
    await viewer.untilTotal(60, 200);
    await viewer.button('Start over').click();
    await viewer.untilTotal(200, 0);
    await viewer.button('Undo').click();
    await viewer.untilTotal(260, 0);
    await suite.stage.write();
    await viewer.untilTotal(260, 1);
    expect(await viewer.numbers()).to.deep.equal(range(1, 261));
    viewer.allow(/status of 503|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    suite.stage.browserGate = (_req, res) => void res.status(503).end();
    suite.stage.cutBrowsers();
    await viewer.until('waiting');
    suite.stage.browserGate = undefined;
    await viewer.until('connected');
    await viewer.button('History').click();
    const dialog = viewer.page.getByRole('dialog', { name: 'Connection history' });
    await dialog.getByText('No line is missing in the list: the stream went on').waitFor();
    const rows = await dialog
      .locator('tbody tr')
      .evaluateAll((all) => all.map((row) => row.querySelector('td')!.textContent));
    expect(rows.slice(0, 3)).to.deep.equal(['Connected', 'Not connectedthe server can’t be reached', 'Connected']);
  });

  it('polls for new lines and says so where the route of the stream is refused for good', async () => {
    viewer.allow(/status of 404/);
    suite.stage.serviceGate = streamsOnly((_req, res) => void res.status(404).end());
    await viewer.reconnect();
    await viewer.connection.getByText('no live stream: the server responded with 404').waitFor();
    await suite.stage.write(3);
    await viewer.untilTotal(60, 3);
    expect(await viewer.numbers()).to.deep.equal(range(1, 63));
  });
});
