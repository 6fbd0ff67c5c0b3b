import { expect } from 'chai';
import { untilFresh } from './support/page.ts';
import { log } from './support/viewer.ts';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

const HTML = '<img src=x onerror="window.hacked = 1"><b>bold</b> &amp; <script>window.hacked = 2</script>';
/** A message, and what is looked for in it. */
const ODD: Record<string, [message: string, part: string]> = {
  'is HTML': [HTML, '<img src=x'],
  'is emoji, joined and flags': ['Done 👩‍👩‍👧‍👦 🇮🇳 é ✅', '👩‍👩‍👧‍👦 🇮🇳'],
  'is written from right to left': ['שגיאה: הקובץ לא נמצא', 'הקובץ'],
  'turns the writing around': ['see \u202Etxt.exe\u202C now', 'txt.exe'],
  'has ANSI escapes': ['\u001b[31mred\u001b[0m and \u0007 a bell', '[31mred'],
  'has several lines and tabs': ['first\n\tsecond\r\nthird', 'second'],
  'looks like JSON': ['{"a":1}', '"a":'],
};

describe('odd lines in Stream mode', () => {
  const suite = viewerSuite(1);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open();
    await viewer.line(1).waitFor();
  });

  const newest = () => viewer.lines.locator('.Stream-message').first();
  const arrived = async (count = 1) => {
    await untilFresh(viewer.page, count);
    await viewer.untilRows(count + 1);
  };

  for (const [what, [message, part]] of Object.entries(ODD)) {
    it(`a message that ${what} is shown, found and downloaded as it is`, async () => {
      await suite.stage.append(log(2, { message }));
      await arrived();
      expect(await newest().textContent()).to.equal(message);
      expect(await newest().locator('img, b, script').count()).to.equal(0);
      expect((await viewer.shown()).at(-1)?.message).to.equal(message);
      await viewer.page.getByRole('searchbox').fill(part);
      await viewer.untilRows(1);
      expect(await viewer.page.locator('mark').first().textContent()).to.equal(part);
      expect(await viewer.page.evaluate(() => 'hacked' in window)).to.equal(false);
    });
  }

  it('an empty message has a row all the same, and one that can be opened', async () => {
    await suite.stage.append(log(2, { message: '' }));
    await arrived();
    expect(await newest().textContent()).to.equal('');
    expect((await viewer.lines.first().boundingBox())!.height).to.be.at.least(20);
    await viewer.lines.first().getByRole('button').first().click();
    await viewer.page.getByRole('region', { name: 'Details of the line' }).waitFor();
  });

  it('a line of 20 KB stays one row, is whole when opened, and pushes nothing aside', async () => {
    const message = `begin ${'0123456789'.repeat(2_000)} end`;
    await suite.stage.append(log(2, { message }));
    await arrived();
    const plain = (await viewer.line(1).boundingBox())!;
    expect((await viewer.lines.first().boundingBox())!.height).to.equal(plain.height);
    await viewer.lines.first().getByRole('button').first().click();
    const json = viewer.page.getByRole('region', { name: 'Details of the line' }).locator('pre');
    expect(JSON.parse((await json.textContent())!).message).to.equal(message);
    await viewer.button('Wrap').click();
    const wide = await viewer.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide).to.be.at.most(0);
  });

  it('data that is no log document is shown as it came, without a level, and filtered with care', async () => {
    const odd = ['plain text', '{"half":', '[1,2]', '{"logLevel":"INFO","message":7}', 'null', '"quoted"', '   '];
    for (const data of odd) suite.stage.say(`data: ${data}\n\n`);
    await arrived(odd.length);
    const shown = await viewer.lines.evaluateAll((rows) =>
      rows
        .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
        .map((row) => [row.dataset.level, row.querySelector('.Stream-message')?.textContent]),
    );
    expect(shown).to.deep.equal([...odd.map((data) => [undefined, data]).reverse(), ['INFO', 'Line 1']]);
    expect((await viewer.shown()).slice(1)).to.deep.equal(odd.map((text) => ({ text })));
    // Without a level it belongs to none that could be chosen.
    await viewer.level('DEBUG').click();
    await viewer.untilRows(1);
  });

  it('data over several lines are one line of the list', async () => {
    suite.stage.say('data: one\ndata: two\n\n');
    await arrived();
    expect(await newest().textContent()).to.equal('one\ntwo');
  });

  it('a document with a level, a time and parts of other types than ours is shown as far as it goes', async () => {
    suite.stage.say(
      'data: {"logLevel":"FATAL","message":"odd","stageName":7,"meta":{"timestamp":9e15},"isoTime":"no"}\n\n',
    );
    await arrived();
    expect(await newest().textContent()).to.equal('odd');
    expect(await viewer.lines.first().getAttribute('data-level')).to.equal(null);
    await viewer.lines.first().getByRole('button').first().click();
    await viewer.page.getByRole('region', { name: 'Details of the line' }).getByText('FATAL').waitFor();
  });

  it('an event of another type is a line, too', async () => {
    suite.stage.say('event: notice\ndata: going down at ten\n\n');
    await arrived();
    expect(await newest().textContent()).to.equal('going down at ten');
  });
});
