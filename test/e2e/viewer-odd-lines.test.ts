import { expect } from 'chai';
import { untilFresh } from './support/page.ts';
import { log } from './support/viewer.ts';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

const html = '<img src=x onerror="window.hacked = 1"><b>bold</b> &amp; <script>window.hacked = 2</script>';
/** A message, and the text searched for in it. */
const oddMessages: Record<string, [message: string, part: string]> = {
  'is HTML': [html, '<img src=x'],
  'is emoji, joined and flags': ['Done 👩‍👩‍👧‍👦 🇮🇳 é ✅', '👩‍👩‍👧‍👦 🇮🇳'],
  'is written from right to left': ['שגיאה: הקובץ לא נמצא', 'הקובץ'],
  'turns the writing around': ['see \u202Etxt.exe\u202C now', 'txt.exe'],
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

  for (const [what, [message, part]] of Object.entries(oddMessages)) {
    it(`shows, finds and downloads a message that ${what} unchanged`, async () => {
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

  it('shows an empty message as a row that can be opened', async () => {
    await suite.stage.append(log(2, { message: '' }));
    await arrived();
    expect(await newest().textContent()).to.equal('');
    expect((await viewer.lines.first().boundingBox())!.height).to.be.at.least(20);
    await viewer.lines.first().getByRole('button').first().click();
    await viewer.page.getByRole('region', { name: 'Details of the line' }).waitFor();
  });

  it('shows a line of 20 KB in one row without overflow, and whole when it is opened', async () => {
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

  it('shows data that is not a log document unchanged and without a level of its own', async () => {
    const odd = ['plain text', '{"half":', '[1,2]', 'null', '"quoted"', '   '];
    for (const data of odd) suite.stage.say(`data: ${data}\n\n`);
    await arrived(odd.length);
    const shown = await viewer.lines.evaluateAll((rows) =>
      rows
        .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
        .map((row) => row.querySelector('.Stream-message')?.textContent),
    );
    expect(shown).to.deep.equal([...odd].reverse().concat('Line 1'));
    expect(await viewer.page.locator('.level-badge').count()).to.equal(1);
    expect((await viewer.shown()).slice(1)).to.deep.equal(odd.map((text) => ({ text })));
  });

  it('shows data with a line break as one line of the list', async () => {
    suite.stage.say('data: one\ndata: two\n\n');
    await arrived();
    expect(await newest().textContent()).to.equal('one\ntwo');
  });

  it('shows a document whose fields have other types than expected', async () => {
    suite.stage.say(
      'data: {"logLevel":{"a":1},"message":"odd","stageName":7,"meta":{"timestamp":9e15},"isoTime":"no"}\n\n',
    );
    await arrived();
    expect(await newest().textContent()).to.equal('odd');
    await viewer.lines.first().getByRole('button').first().click();
    await viewer.page.getByRole('region', { name: 'Details of the line' }).getByText('"a": 1').waitFor();
  });

  it('shows an event of another type as a line', async () => {
    suite.stage.say('event: notice\ndata: going down at ten\n\n');
    await arrived();
    expect(await newest().textContent()).to.equal('going down at ten');
  });
});
