import { expect } from 'chai';
import { logsPath } from '../../examples/datashop/src/demo.ts';
import { log } from './support/viewer.ts';
import { range, type StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

const newestNumber = 205;

describe('a line in Stream mode', () => {
  const suite = viewerSuite(newestNumber);
  let viewer: StreamPage;

  beforeEach(async () => {
    viewer = await suite.open({ permissions: ['clipboard-read', 'clipboard-write'], timezoneId: 'Asia/Tokyo' });
    await viewer.line(newestNumber).waitFor();
  });

  const details = () => viewer.page.getByRole('region', { name: 'Details of the line' });
  const toggle = (number: number) => viewer.line(number).getByRole('button').first();
  const clipboard = () => viewer.page.evaluate(() => navigator.clipboard.readText());
  const idOf = async (number: number) => (await viewer.line(number).getAttribute('data-id'))!;

  /** Also of a line that is older than the list. */
  const storedIdOf = (number: number) =>
    viewer.page.evaluate(
      async ([path, n]) => {
        const { ids } = await (await fetch(`${path}?order=asc&limit=${n}`)).json();
        return ids[n - 1] as string;
      },
      [logsPath, number] as const,
    );

  it('a line shows the whole log as JSON when it is opened', async () => {
    expect(await toggle(203).getAttribute('aria-expanded')).to.equal('false');
    await toggle(203).click();
    const json = details().locator('pre');
    expect(JSON.parse((await json.textContent())!)).to.deep.equal(log(203));
    expect(await toggle(203).getAttribute('aria-expanded')).to.equal('true');
    await toggle(203).click();
    await details().waitFor({ state: 'detached' });
  });

  it('an opened line is copied as text and as JSON, and the button confirms it', async () => {
    await toggle(203).click();
    await viewer.button('Copy line').click();
    await viewer.button('Copied').waitFor();
    expect(await clipboard()).to.equal('2026-01-15T12:03:23.000Z ERROR [REPORT] Line 203');
    await viewer.button('Copy JSON').click();
    await viewer.page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith('{'));
    expect(JSON.parse(await clipboard())).to.deep.equal(log(203));
  });

  it('an opened line has a link that opens it in another tab, in view', async () => {
    const id = await idOf(203);
    await toggle(203).click();
    await viewer.button('Copy link').click();
    await viewer.button('Copied').waitFor();
    const link = await clipboard();
    expect(link).to.equal(`${suite.stage.url}?mode=stream&log=${id}`);
    await viewer.page.goto(link);
    await details().waitFor();
    expect(JSON.parse((await details().locator('pre').textContent())!).message).to.equal('Line 203');
    expect(await viewer.page.locator('.is-linked').getAttribute('data-id')).to.equal(id);
  });

  it('a linked line is loaded from its link with all lines between if it is older than the list', async () => {
    const id = await storedIdOf(2);
    expect(await viewer.numbers()).to.deep.equal(range(6, newestNumber));
    const other = await suite.open({}, `&log=${id}`);
    await other.page.getByRole('region', { name: 'Details of the line' }).waitFor();
    await other.line(2).waitFor();
    await other.untilTotal(204, 0);
    expect(await other.numbers()).to.deep.equal(range(2, newestNumber));
  });

  it('a linked line is shown above the list from its link if it is far older than the list', async () => {
    await suite.stage.write(5_200);
    const id = await storedIdOf(3);
    const other = await suite.open({}, `&log=${id}`);
    const linked = other.page.getByTestId('linked');
    await linked.getByText('Line 3', { exact: true }).waitFor();
    expect(await linked.getAttribute('data-id')).to.equal(id);
    await other.button('Close the linked line').click();
    await linked.waitFor({ state: 'detached' });
    expect(new URL(other.page.url()).searchParams.has('log')).to.equal(false);
  });

  it('a linked line is reported as no longer kept if its link is too old', async () => {
    const other = await suite.open({}, `&log=AAAAAAAAAAAAAAAAAAAAAA`);
    await other.page.getByText('The linked line is no longer kept by the log service.').waitFor();
  });

  it('a linked line is shown from its link although the filters hide it', async () => {
    const id = await idOf(203);
    await viewer.level('ERROR').click();
    await viewer.line(203).waitFor({ state: 'detached' });
    await viewer.page.evaluate((log) => {
      history.pushState(null, '', `?mode=stream&log=${log}`);
      dispatchEvent(new PopStateEvent('popstate'));
    }, id);
    await viewer.line(203).waitFor();
    await details().waitFor();
  });

  it('a line is wrapped when Wrap is on', async () => {
    await suite.stage.append(log(206, { message: `Line 206 ${'and so on '.repeat(60)}` }));
    await viewer.line(206).waitFor();
    const height = async () => (await viewer.line(206).boundingBox())!.height;
    const before = await height();
    await viewer.button('Wrap').click();
    expect(await viewer.button('Wrap').getAttribute('aria-pressed')).to.equal('true');
    await viewer.page.waitForFunction(
      (least) => document.querySelector('[data-testid=line]')!.getBoundingClientRect().height > least,
      before,
    );
    await viewer.button('Wrap').click();
    await viewer.page.waitForFunction(
      (most) => document.querySelector('[data-testid=line]')!.getBoundingClientRect().height <= most,
      before,
    );
  });

  it('a line shows its time in the local zone or in UTC', async () => {
    const time = viewer.line(203).locator('time');
    expect(await time.textContent()).to.equal('21:03:23.000');
    expect(await time.getAttribute('datetime')).to.equal('2026-01-15T12:03:23.000Z');
    await viewer.page.getByRole('radio', { name: 'UTC' }).press('Space');
    await time.getByText('12:03:23.000').waitFor();
  });
});

describe('the link of a line while no logs are stored', () => {
  const suite = viewerSuite(0);

  it('a linked line is reported as no longer kept', async () => {
    const viewer = await suite.open({}, '&log=AAAAAAAAAAAAAAAAAAAAAA');
    await viewer.page.getByText('The linked line is no longer kept by the log service.').waitFor();
  });
});

describe('a download from Stream mode', () => {
  const suite = viewerSuite(8);

  it('the download as text has one line per visible log, oldest first', async () => {
    const viewer = await suite.open();
    await suite.stage.append(log(9, { description: 'twice', durationMs: 3_200 }));
    await viewer.untilRows(9);
    await viewer.level('DEBUG').click();
    await viewer.untilRows(7);
    const [name, text] = await viewer.download('Download text');
    expect(name).to.match(/^logs-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.txt$/);
    expect(text.split('\n')).to.deep.equal([
      '2026-01-15T12:00:01.000Z INFO  [REPORT] Line 1',
      '2026-01-15T12:00:02.000Z WARN  [EXTRACT] Line 2',
      '2026-01-15T12:00:03.000Z ERROR [REPORT] Line 3',
      '2026-01-15T12:00:05.000Z INFO  [REPORT] Line 5',
      '2026-01-15T12:00:06.000Z WARN  [EXTRACT] Line 6',
      '2026-01-15T12:00:07.000Z ERROR [REPORT] Line 7',
      '2026-01-15T12:00:09.000Z INFO  [REPORT] Line 9 — twice (3.2s)',
      '',
    ]);
  });

  it('the download as NDJSON has the unchanged documents of the matching logs', async () => {
    const viewer = await suite.open();
    await viewer.untilRows(8);
    await viewer.page.getByRole('searchbox').fill('extract');
    await viewer.untilRows(4);
    const [name, text] = await viewer.download('Download NDJSON');
    expect(name).to.match(/\.ndjson$/);
    expect(text).to.equal([2, 4, 6, 8].map((number) => `${JSON.stringify(log(number))}\n`).join(''));
  });
});
