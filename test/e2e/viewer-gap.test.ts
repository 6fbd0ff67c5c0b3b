import { expect } from 'chai';
import { untilFresh } from './support/page.ts';
import { pagesOnly } from './support/viewer-gates.ts';
import { range, type StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

/** An event without an id: the next resume can't prove continuity, so it is a gap. */
const withoutId = 'data: a word without an id\n\n';

describe('a gap in Stream mode', () => {
  const suite = viewerSuite(3);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.openAndReceive(1);
    suite.stage.say(withoutId);
    await untilFresh(viewer.page, 2);
  });

  /** The log service disconnects, continues without the logs written meanwhile, and writes more. */
  const miss = async (count: number) => {
    suite.stage.isForgetful = true;
    const before = suite.stage.asked.length;
    suite.stage.serviceGate = (req) => void req.socket.destroy();
    suite.stage.cut();
    await suite.stage.write(count);
    suite.stage.serviceGate = undefined;
    await viewer.toast('Lines may be missing').waitFor();
    expect(suite.stage.asked).to.have.length(before + 1);
    await suite.stage.write(2);
    await untilFresh(viewer.page, 4);
  };
  const load = () => viewer.gaps.getByRole('button');
  /** All rows once there are `rows`: the numbers of numbered lines, the text of others, and gaps. */
  const list = async (rows: number) => {
    await viewer.untilRows(rows);
    return (await viewer.shown()).map(({ message, text, gap }) => (gap ? 'gap' : (text ?? Number(message?.slice(5)))));
  };

  it('a gap is shown at its place with its reason, and is filled with exactly the missing lines', async () => {
    await miss(700);
    const reason = 'lines may be missing: some logs have no ids';
    await viewer.gaps.getByText(reason).waitFor();
    expect(await viewer.gaps.textContent()).to.match(/Connection lost \d\d:\d\d:\d\d–\d\d:\d\d:\d\d/);
    expect(await list(8)).to.deep.equal([...range(1, 4), 'a word without an id', 'gap', 705, 706]);

    await load().click();
    await viewer.gaps.waitFor({ state: 'detached' });
    await viewer.toast('700 missing lines loaded').waitFor();
    expect(await list(707)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 706)]);
    await viewer.untilTotal(3, 704);
  });

  it('“Undo” after “Start over” brings a gap back to its place, where it can be filled', async () => {
    await miss(700);
    await viewer.button('History').click();
    const history = viewer.page.getByRole('dialog', { name: 'Connection history' });
    await history.getByText('At 1 place, lines may be missing.').waitFor();
    await viewer.page.keyboard.press('Escape');
    await viewer.button('Start over').click();
    await viewer.gaps.waitFor({ state: 'detached' });
    await viewer.button('Undo').click();
    await viewer.gaps.waitFor();
    expect(await list(8)).to.deep.equal([...range(1, 4), 'a word without an id', 'gap', 705, 706]);
    await load().click();
    await viewer.toast('700 missing lines loaded').waitFor();
    expect(await list(707)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 706)]);
    // It was reported when it was new.
    expect(await viewer.toast('Lines may be missing').count()).to.be.at.most(1);
  });

  it('a gap is removed without duplicates if no line is missing', async () => {
    suite.stage.cut();
    await viewer.toast('Lines may be missing').waitFor();
    // The gap is the top row, where the button to the newest line appears.
    await load().click();
    await viewer.toast('No line is missing').waitFor();
    await suite.stage.write(2);
    expect(await list(7)).to.deep.equal([...range(1, 4), 'a word without an id', 5, 6]);
  });

  it('a gap shows why it can’t be filled, and can be tried again', async () => {
    await miss(5);
    viewer.allow(/status of 502/);
    suite.stage.serviceGate = pagesOnly((req) => void req.socket.destroy());
    await load().click();
    await viewer.gaps.getByText('The log service did not answer').waitFor();
    expect(await load().textContent()).to.contain('Try again');
    suite.stage.serviceGate = undefined;
    await load().click();
    await viewer.toast('5 missing lines loaded').waitFor();
    expect(await list(12)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 11)]);
  });

  it('a gap stays under a pressed pointer while lines arrive, and is filled at the release', async () => {
    await miss(5);
    const { page } = viewer;
    await page.clock.install();
    await page.reload();
    await viewer.until('connected');
    await viewer.untilRows(8);
    const { x, y, width, height } = (await load().boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await suite.stage.write(2);
    await untilFresh(page, 6);
    // All that the page does later, among it the next update of the list.
    await page.clock.runFor(1_000);
    expect(await load().boundingBox()).to.include({ x, y });
    await page.mouse.up();
    await viewer.toast('5 missing lines loaded').waitFor();
    expect(await list(14)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 13)]);
  });

  it('a gap shows the progress while it loads, and the stream continues', async () => {
    await miss(700);
    let answer = () => {};
    suite.stage.serviceGate = pagesOnly((req, _res, next) => {
      if (req.query.cursor) answer = next;
      else next();
    });
    await load().click();
    await viewer.gaps.getByText('500 of 701').waitFor();
    await suite.stage.write();
    await untilFresh(viewer.page, 5);
    suite.stage.serviceGate = undefined;
    answer();
    await viewer.toast('700 missing lines loaded').waitFor();
    expect(await list(708)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 707)]);
  });

  it('a gap survives a reload and can be filled afterwards', async () => {
    await miss(5);
    await viewer.page.reload();
    await viewer.until('connected');
    await load().click();
    await viewer.toast('5 missing lines loaded').waitFor();
    expect(await list(12)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 11)]);
  });
});
