import { expect } from 'chai';
import { range } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

describe('logs that the log service no longer has', () => {
  const suite = viewerSuite(0);

  it('trimmed lines leave a gap that says so and has no button to load them', async () => {
    await suite.stage.renew(10);
    await suite.stage.write(5);
    const viewer = await suite.open();
    await viewer.untilTotal(5, 0);
    await viewer.button('Disconnect').click();
    await viewer.until('idle');
    await suite.stage.write(40);
    await viewer.button('Connect').click();
    await viewer.untilTotal(5, 10);

    await viewer.toast('Lines may be missing').waitFor();
    await viewer.gaps.getByText('the log service no longer keeps them').waitFor();
    expect(await viewer.gaps.getByRole('button').count()).to.equal(0);
    const shown = await viewer.shown();
    expect(shown.map(({ message, gap }) => (gap ? 'gap' : message))).to.deep.equal(
      [...range(1, 5), 'gap', ...range(36, 45)].map((one) => (one === 'gap' ? one : `Line ${one}`)),
    );
  });

  it('trimmed lines leave a gap when the log service was restarted with an empty store', async () => {
    await suite.stage.write(5);
    const viewer = await suite.open();
    await viewer.untilTotal(5, 0);
    await suite.stage.renew();
    await suite.stage.write(3);

    await viewer.gaps.getByText('no longer knows the last log of this page').waitFor();
    await viewer.untilTotal(5, 3);
    const shown = await viewer.shown();
    expect(shown.map(({ message, gap }) => (gap ? 'gap' : message))).to.deep.equal([
      'Line 1',
      'Line 2',
      'Line 3',
      'Line 4',
      'Line 5',
      'gap',
      'Line 6',
      'Line 7',
      'Line 8',
    ]);
  });
});
