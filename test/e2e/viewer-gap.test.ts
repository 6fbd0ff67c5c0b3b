import { expect } from 'chai';
import { untilFresh } from './support/page.ts';
import { range, type StreamPage } from './support/viewer-page.ts';
import { pagesOnly } from './support/viewer-stage.ts';
import { viewerSuite } from './support/viewer-suite.ts';

/** Without an id nobody can tell what has been sent after it: the next resume is a gap. */
const withoutId = 'data: a word without an id\n\n';

describe('a gap in Stream mode', () => {
  const suite = viewerSuite(3);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open();
    await suite.stage.write();
    await viewer.untilTotal(3, 1);
    suite.stage.say(withoutId);
    await untilFresh(viewer.page, 2);
  });

  /** The log service breaks off, goes on without what was written meanwhile, and writes more. */
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
  /** Numbers of lines, and what is none, once there are so many. */
  const list = async (rows: number) => {
    await viewer.untilRows(rows);
    return (await viewer.shown()).map(({ message, text, gap }) => (gap ? 'gap' : (text ?? Number(message?.slice(5)))));
  };

  it('is shown where it is, says why, and is filled with exactly what was missed', async () => {
    await miss(700);
    const reason = 'lines may be missing: the logs came without numbers';
    await viewer.gaps.getByText(reason).waitFor();
    expect(await viewer.gaps.textContent()).to.match(/Connection lost \d\d:\d\d:\d\d–\d\d:\d\d:\d\d/);
    expect(await list(8)).to.deep.equal([...range(1, 4), 'a word without an id', 'gap', 705, 706]);

    await load().click();
    await viewer.gaps.waitFor({ state: 'detached' });
    await viewer.toast('700 lines were missed, now here').waitFor();
    expect(await list(707)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 706)]);
    await viewer.untilTotal(3, 704);
  });

  it('of which nothing was missed says so, and doubles nothing', async () => {
    suite.stage.cut();
    await viewer.toast('Lines may be missing').waitFor();
    // Nothing has come since: it is the top row, where the button that leads back to the newest line comes up.
    await load().click();
    await viewer.toast('Nothing was missed').waitFor();
    await suite.stage.write(2);
    expect(await list(7)).to.deep.equal([...range(1, 4), 'a word without an id', 5, 6]);
  });

  it('that can’t be filled now says why, and can be tried again', async () => {
    await miss(5);
    viewer.allow(/status of 502/);
    suite.stage.serviceGate = pagesOnly((req) => void req.socket.destroy());
    await load().click();
    await viewer.gaps.getByText('The log service did not answer').waitFor();
    expect(await load().textContent()).to.contain('Try again');
    suite.stage.serviceGate = undefined;
    await load().click();
    await viewer.toast('5 lines were missed, now here').waitFor();
    expect(await list(12)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 11)]);
  });

  it('shows how far it is while it loads, and the stream goes on meanwhile', async () => {
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
    await viewer.toast('700 lines were missed, now here').waitFor();
    expect(await list(708)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 707)]);
  });

  it('is still there after a reload, and can be filled then', async () => {
    await miss(5);
    await viewer.page.reload();
    await viewer.until('connected');
    await load().click();
    await viewer.toast('5 lines were missed, now here').waitFor();
    expect(await list(12)).to.deep.equal([...range(1, 4), 'a word without an id', ...range(5, 11)]);
  });
});
