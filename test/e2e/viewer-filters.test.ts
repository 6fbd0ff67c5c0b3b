import { expect } from 'chai';
import { log } from './support/viewer.ts';
import { range, type StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

/** Of the 160 logs, one each second, 81 to 160 are of the second run. */
const runs = range(1, 160).map((number) => log(number, { execID: number <= 80 ? '41' : '42' }));

describe('the filters of both modes', () => {
  const suite = viewerSuite(0);
  let viewer: StreamPage;

  const open = async (query = '') => {
    await suite.stage.append(...runs);
    viewer = await suite.open({ timezoneId: 'UTC' }, query);
  };
  const parameter = (name: string) => new URL(viewer.page.url()).searchParams.get(name);
  const mode = (name: string) => viewer.page.getByRole('link', { name, exact: true }).click();
  const table = () => viewer.page.locator('.log-link').allTextContents();
  const untilPlace = (text: string) => viewer.page.locator('.pager-place').getByText(text, { exact: true }).waitFor();
  const removal = (filter: string) => viewer.button(`Remove the filter: ${filter}`);

  it('filters are in the address, hold in both modes and after a reload, and are made of a line’s fields', async () => {
    await open('&level=ERROR,WARN&q=line%201');
    // Of 1, 10 to 19 and 100 to 160, every second one has one of the levels.
    await viewer.untilRows(36);
    expect(await viewer.level('INFO').getAttribute('aria-pressed')).to.equal('false');
    await viewer.line(159).click();
    await viewer.button('Only run 42').click();
    await viewer.untilRows(30);
    await viewer.button('Only REPORT').click();
    await removal('Stage REPORT').waitFor();
    await viewer.untilRows(15);
    expect([parameter('run'), parameter('stage'), parameter('level')]).to.deep.equal(['42', 'REPORT', 'WARN,ERROR']);

    await mode('Normal');
    await untilPlace('1–15');
    expect((await table())[0]).to.equal('Line 159');
    await viewer.page.reload();
    await untilPlace('1–15');
    expect(await viewer.page.getByLabel('Search').inputValue()).to.equal('line 1');
    await removal('Stage REPORT').click();
    await viewer.button('Only WARN').click();
    await viewer.page.getByRole('link', { name: 'Line 158', exact: true }).waitFor();
    expect((await table())[0]).to.equal('Line 158');

    await mode('Stream');
    await viewer.untilRows(15);
    await viewer.line(158).click();
    await viewer.button('Hide this text').click();
    await viewer.line(158).waitFor({ state: 'detached' });
    expect(parameter('not')).to.equal('Line 158');
    await viewer.page.getByRole('searchbox').fill('line 15');
    await viewer.page.waitForFunction(() => new URLSearchParams(location.search).get('q') === 'line 15');
    await viewer.button('Clear all').click();
    await viewer.untilRows(160);
    expect(new URL(viewer.page.url()).search).to.equal('?mode=stream');
  });

  it('the field of the run shows the whole number of an execution', async () => {
    viewer = await suite.open({ timezoneId: 'UTC' }, '&run=1796062935603');
    await viewer.button('Time, run, stage').click();
    const field = viewer.page.getByLabel('Run', { exact: true });
    expect(await field.inputValue()).to.equal('1796062935603');
    const hiddenPx = await field.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    expect(hiddenPx).to.equal(0);
  });

  it('a whole run is found by the search of both modes, and shown in the line that was found', async () => {
    await open('&q=42');
    // Line 42 is of the other run.
    await viewer.untilRows(81);
    await viewer.line(160).locator('.Stream-run mark').getByText('42').waitFor();
    await viewer.page.locator('.Stream-list').press('End');
    await viewer.line(42).locator('.Stream-message > mark').getByText('42').waitFor();
    expect(await viewer.line(42).locator('.Stream-run').count()).to.equal(0);
    await viewer.page.getByRole('searchbox').fill('4');
    await viewer.page.getByText('34 found').waitFor();
    await viewer.page.getByRole('searchbox').fill('42');
    await viewer.untilRows(81);
    await mode('Normal');
    await viewer.page.locator('.pager-place').getByText('1–81 of 81 logs').waitFor();
  });

  it('“Find this text” finds the lines of all runs with a line’s message, in both modes, and Normal mode shows their runs', async () => {
    await suite.stage.append(log(161, { message: 'Line 79 again', execID: '43' }));
    await open('&run=41&stage=REPORT');
    await viewer.untilRows(40);
    await viewer.line(79).click();
    await viewer.button('Find this text').click();
    await viewer.untilRows(2);
    expect([parameter('q'), parameter('run'), parameter('stage')]).to.deep.equal(['Line 79', null, null]);
    await viewer.page.getByRole('searchbox').fill('');
    await viewer.untilRows(161);
    await mode('Normal');
    await viewer.page.getByLabel('Run', { exact: true }).fill('41');
    await viewer.page.getByLabel('Run', { exact: true }).press('Enter');
    await viewer.page.getByRole('link', { name: 'Line 79', exact: true }).click();
    await viewer.button('Find this text').click();
    await untilPlace('1–2');
    expect(await table()).to.deep.equal(['Line 79', 'Line 79 again']);
    const runsShown = viewer.page.locator('.log-row [role=cell]:nth-child(6)');
    expect(await runsShown.allTextContents()).to.deep.equal(['41', '43']);
  });

  it('a pattern is searched for in Stream mode only, and Normal mode says so', async () => {
    await open('&q=line%20.%24&regex=1');
    await viewer.untilRows(9);
    await mode('Normal');
    await viewer.page.getByRole('heading', { name: 'Patterns are searched for in Stream mode only' }).waitFor();
    await viewer.button('Search for the text').click();
    await viewer.page.getByRole('heading', { name: 'No logs match' }).waitFor();
  });

  it('a time is chosen in the chart by dragging and by keys, in both modes, and in its table', async () => {
    await open();
    const chart = viewer.page.getByRole('slider');
    const text = () => chart.getAttribute('aria-valuetext');
    await viewer.page.locator('.volume-text').getByText('160 lines, 40 errors').waitFor();
    const { x, y, width } = (await viewer.page.getByTestId('volume').boundingBox())!;
    await viewer.page.mouse.move(x + width * 0.26, y + 20);
    await viewer.page.mouse.down();
    await viewer.page.mouse.move(x + width * 0.49, y + 20, { steps: 3 });
    const brushed = Number(/: (\d+) lines/.exec((await text())!)?.[1]);
    await viewer.page.mouse.up();
    await viewer.untilRows(brushed);
    expect([parameter('from'), parameter('to')].every((iso) => iso?.startsWith('2026-01-15T12:0'))).to.equal(true);
    await viewer.button('All times').click();
    await viewer.untilRows(160);

    await mode('Normal');
    await viewer.page.locator('.volume-text').getByText('160 lines, 40 errors · all stored lines').waitFor();
    await chart.focus();
    await viewer.page.keyboard.press('Home');
    await viewer.page.keyboard.press('Shift+ArrowRight');
    expect(await text()).to.match(/^2026-01-15 12:00:00 – 2026-01-15 12:00:10: 9 lines, 2 errors$/);
    await viewer.page.keyboard.press('Enter');
    await untilPlace('1–9');
    await viewer.button('All times').click();
    await viewer.button('The volume as a table').click();
    await viewer.page.getByRole('rowheader', { name: '2026-01-15 12:01:00' }).getByRole('button').click();
    await untilPlace('1–5');
  });

  it('the presets of the time show the last 15 minutes, the last hour, today in the chosen time zone, and all', async () => {
    await suite.stage.append(...runs);
    viewer = await suite.open({ timezoneId: 'America/New_York' });
    await viewer.untilRows(160);
    // The lines are of 12:00:01 to 12:02:40 UTC.
    await viewer.page.clock.setFixedTime('2026-01-15T12:16:00Z');
    await viewer.button('Time, run, stage').click();
    const choose = (preset: string) =>
      viewer.page.getByRole('group', { name: 'Time', exact: true }).getByRole('button', { name: preset }).click();
    await choose('15 min');
    await viewer.untilRows(101);
    expect([parameter('from'), parameter('to')]).to.deep.equal(['2026-01-15T12:01:00.000Z', null]);
    await choose('1 h');
    await viewer.untilRows(160);
    expect(parameter('from')).to.equal('2026-01-15T11:16:00.000Z');
    await viewer.page.clock.setFixedTime('2026-01-16T04:30:00Z');
    await choose('15 min');
    await viewer.page.getByRole('heading', { name: 'No line passes the filters' }).waitFor();
    await choose('Today');
    await viewer.untilRows(160);
    expect(parameter('from')).to.equal('2026-01-15T05:00:00.000Z');
    await viewer.page.getByRole('radio', { name: 'UTC' }).press('Space');
    await choose('Today');
    await viewer.page.getByRole('heading', { name: 'No line passes the filters' }).waitFor();
    expect(parameter('from')).to.equal('2026-01-16T00:00:00.000Z');
    await choose('All');
    await viewer.untilRows(160);
    expect(parameter('from')).to.equal(null);
  });

  it('“Since noon” begins at the last noon in the chosen time zone, and is shown as chosen like “Today”', async () => {
    await suite.stage.append(...runs);
    viewer = await suite.open({ timezoneId: 'America/New_York' });
    await viewer.page.clock.setFixedTime('2026-01-15T18:00:00Z');
    await viewer.button('Time, run, stage').click();
    const preset = (name: string) =>
      viewer.page.getByRole('group', { name: 'Time', exact: true }).getByRole('button', { name, exact: true });
    const isChosen = async (name: string) => (await preset(name).getAttribute('aria-pressed')) === 'true';
    await preset('Since noon').click();
    await removal('Since 2026-01-15 12:00:00').waitFor();
    expect(parameter('from')).to.equal('2026-01-15T17:00:00.000Z');
    expect([await isChosen('Since noon'), await isChosen('Today'), await isChosen('All')]).to.deep.equal([
      true,
      false,
      false,
    ]);
    await preset('Today').click();
    await removal('Since 2026-01-15 00:00:00').waitFor();
    expect([await isChosen('Since noon'), await isChosen('Today'), await isChosen('All')]).to.deep.equal([
      false,
      true,
      false,
    ]);
    // In the morning, the last noon is that of the day before.
    await viewer.page.clock.setFixedTime('2026-01-16T13:00:00Z');
    await preset('Since noon').click();
    await removal('Since 2026-01-15 12:00:00').waitFor();
    await viewer.page.getByRole('radio', { name: 'UTC' }).press('Space');
    await preset('Since noon').click();
    await removal('Since 2026-01-16 12:00:00').waitFor();
    expect(parameter('from')).to.equal('2026-01-16T12:00:00.000Z');
  });

  it('a line is shown with 50 lines before and after it whatever the filters are, and then with new ones', async () => {
    await open('&level=ERROR');
    await mode('Normal');
    await viewer.page.getByRole('link', { name: 'Line 111', exact: true }).click();
    await viewer.page.getByRole('link', { name: 'View in context' }).click();
    const rows = viewer.page.getByRole('region', { name: 'Lines around a line' }).getByTestId('line');
    const numbers = async () => (await rows.locator('.Stream-message').allTextContents()).map((each) => each.slice(5));
    await rows.first().waitFor();
    expect(await numbers()).to.deep.equal(range(61, 160).reverse().map(String));
    const hit = viewer.page.locator('.is-linked');
    expect(await hit.locator('.Stream-message').textContent()).to.equal('Line 111');
    expect(await hit.getAttribute('data-level')).to.equal('ERROR');
    expect(await hit.evaluate((row) => row.getBoundingClientRect().top < innerHeight)).to.equal(true);
    await suite.stage.append(log(161), log(162));
    await rows.getByText('Line 162', { exact: true }).waitFor();
    await viewer.button('50 older lines').click();
    await rows.getByText('Line 11', { exact: true }).waitFor();
    expect(await numbers()).to.deep.equal(range(11, 162).reverse().map(String));

    // The address is the link.
    await viewer.page.reload();
    await rows.getByText('Line 161', { exact: true }).waitFor();
    expect(await numbers()).to.deep.equal(range(61, 161).reverse().map(String));
    await viewer.button('50 newer lines').click();
    await rows.getByText('Line 162', { exact: true }).waitFor();
    await rows.getByText('Line 150', { exact: true }).click();
    await viewer.page.getByRole('link', { name: 'View in context' }).click();
    await viewer.page.locator('.is-linked').getByText('Line 150', { exact: true }).waitFor();
    await viewer.button('Back to the list').click();
    await untilPlace('1–40');
    expect(parameter('mode')).to.equal(null);
  });

  it('the lines around a line show its day in the chosen time zone, and lead back to the list in Stream mode', async () => {
    await suite.stage.append(...runs, log(161, { timestamp: Date.UTC(2026, 0, 15, 19), message: 'Late' }));
    viewer = await suite.open({ timezoneId: 'Asia/Kolkata' });
    await viewer.page.getByText('Late').click();
    await viewer.page.getByRole('link', { name: 'View in context' }).click();
    const around = viewer.page.getByRole('region', { name: 'Lines around a line' });
    await around.getByText('Fri, 16 January 2026, local time').waitFor();
    await viewer.page.getByRole('radio', { name: 'UTC' }).press('Space');
    await around.getByText('Thu, 15 January 2026, UTC').waitFor();
    await viewer.button('Back to the list').click();
    await viewer.untilRows(161);
  });
});
