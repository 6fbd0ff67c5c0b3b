import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import { log } from './support/viewer.ts';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

// Each level has ten of the 40 numbered logs: 1 is INFO, 2 WARN, 3 ERROR, 4 DEBUG, …
describe('levels and find in Stream mode', () => {
  const suite = viewerSuite(40);
  let viewer: StreamPage;
  let find: Locator;

  beforeEach(async () => {
    viewer = await suite.open();
    find = viewer.page.getByRole('searchbox', { name: 'Find in lines' });
    await viewer.untilRows(40);
  });

  const found = (text: string) => viewer.page.locator('.Stream-found').getByText(text, { exact: true }).waitFor();
  const marks = () => viewer.page.locator('mark').allTextContents();
  const levels = () => viewer.lines.evaluateAll((rows) => [...new Set(rows.map((row) => row.dataset.level))].sort());
  const current = () => viewer.page.locator('.Stream-row.is-current .Stream-message').textContent();

  it('counts the levels, and hides those that are switched off, among stored and new lines', async () => {
    expect(await viewer.level('ERROR').getAttribute('aria-pressed')).to.equal('true');
    expect(await viewer.level('ERROR').textContent()).to.match(/ERROR\s*10$/);
    await viewer.level('DEBUG').click();
    await viewer.level('INFO').click();
    await viewer.untilRows(20);
    expect(await viewer.level('INFO').getAttribute('aria-pressed')).to.equal('false');
    expect(await levels()).to.deep.equal(['ERROR', 'WARN']);
    await suite.stage.write(4);
    await viewer.untilRows(22);
    expect(await levels()).to.deep.equal(['ERROR', 'WARN']);
    expect(await viewer.level('INFO').textContent()).to.match(/INFO\s*11$/);
    await viewer.button('INFO 11 lines').click();
    await viewer.untilRows(33);
  });

  it('shows that the filters hide all lines, and clears them', async () => {
    for (const level of ['DEBUG', 'INFO', 'WARN', 'ERROR']) await viewer.level(level).click();
    await viewer.page.getByRole('heading', { name: 'No line passes the filters' }).waitFor();
    await viewer.button('Clear filters').click();
    await viewer.untilRows(40);
  });

  it('shows, marks and counts the matches while the user types', async () => {
    await find.fill('LINE 4');
    await viewer.untilRows(2);
    await found('2 found');
    expect(await marks()).to.deep.equal(['Line 4', 'Line 4']);
    await suite.stage.append(log(4), log(5));
    await viewer.untilRows(3);
    await found('3 found');
    await find.fill('');
    await viewer.untilRows(42);
    expect(await marks()).to.deep.equal([]);
  });

  it('marks the matches among all lines when “Only found” is off', async () => {
    await find.fill('line 40');
    await viewer.untilRows(1);
    await viewer.button('Only found').click();
    await viewer.untilRows(40);
    expect(await marks()).to.deep.equal(['Line 40']);
  });

  it('goes to the next and the previous match by keys and buttons, and around the ends', async () => {
    await viewer.button('Only found').click();
    await find.fill('line 3');
    await found('11 found');
    await find.press('Enter');
    await found('1 of 11');
    expect(await current()).to.equal('Line 39');
    await find.press('Enter');
    await found('2 of 11');
    await find.press('Shift+Enter');
    await found('1 of 11');
    await find.press('Shift+Enter');
    await found('11 of 11');
    expect(await current()).to.equal('Line 3');
    await viewer.line(3).waitFor();
    await viewer.button('Next (Enter)').click();
    await found('1 of 11');
    await viewer.button('Previous (Shift+Enter)').click();
    await found('11 of 11');
  });

  it('searches for plain text, or for a regular expression when that is switched on', async () => {
    await find.fill('^line (7|1.)$');
    await found('None found');
    await viewer.page.getByRole('heading', { name: 'No line passes the filters' }).waitFor();
    await viewer.button('Regular expression').click();
    await viewer.untilRows(11);
    await found('11 found');
    expect((await marks()).at(0)).to.equal('Line 19');
  });

  it('shows why a pattern is invalid, and all lines', async () => {
    await viewer.button('Regular expression').click();
    await find.fill('(line');
    await viewer.page.getByRole('alert').getByText('Not a valid pattern').waitFor();
    expect(await find.getAttribute('aria-invalid')).to.equal('true');
    await viewer.untilRows(40);
    await find.fill('(line 40)');
    await viewer.untilRows(1);
    expect(await find.getAttribute('aria-invalid')).to.equal('false');
  });

  it('“/” focuses the field and Esc empties it, but “/” in the field is a character', async () => {
    await viewer.page.keyboard.press('/');
    expect(await find.evaluate((input) => input === document.activeElement)).to.equal(true);
    await viewer.page.keyboard.type('a/b');
    expect(await find.inputValue()).to.equal('a/b');
    await viewer.page.keyboard.press('Escape');
    expect(await find.inputValue()).to.equal('');
    await viewer.untilRows(40);
  });

  // A frozen main thread would never run the page's scripts again: the waits of these tests would time out.
  it('stops a pattern without end in the worker, while the page and the stream go on', async () => {
    await suite.stage.append(log(41, { message: `${'a'.repeat(60)}!` }));
    await viewer.untilRows(41);
    await viewer.button('Regular expression').click();
    await find.fill('^(a+)+$');
    await suite.stage.write(41);
    await viewer.page.getByText('The search was stopped').waitFor();
    await viewer.untilRows(82);
    await find.fill('^(a+)!$');
    await viewer.untilRows(1);
  });

  for (const [pattern, message] of [
    // Harmless for the whole message, without end for a part of it, such as the one that a row shows.
    ['(a+)+$', 'a'.repeat(3_000)],
    ['^(a|aa)+$', 'a'.repeat(3_000)],
    ['(?<=x)(a+)+y', `${'a'.repeat(1_500)}xay`],
  ] as const) {
    it(`marks the matches of ${pattern} without freezing the page`, async () => {
      await suite.stage.append(log(41, { message, description: 'a'.repeat(2_500) }));
      await viewer.untilRows(41);
      await viewer.button('Regular expression').click();
      await find.fill(pattern);
      await viewer.page.locator('mark').first().waitFor();
      await viewer.button('Only found').click();
      await viewer.untilRows(41);
      await suite.stage.write();
      await viewer.untilRows(42);
    });
  }
});
