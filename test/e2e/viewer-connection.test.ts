import { expect } from 'chai';
import { streamsOnly } from './support/viewer-gates.ts';
import { range } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

/** A Retry-After longer than any test: an earlier attempt was caused by the test. */
const longS = '240';

describe('the connection of Stream mode', () => {
  const suite = viewerSuite(3);

  it('connects at the first visit; Disconnect and Connect switch the stream off and on', async () => {
    const viewer = await suite.open();
    await viewer.connection.getByText('Live', { exact: true }).waitFor();
    await viewer.button('Disconnect').click();
    await viewer.until('idle');
    await viewer.connection.getByText('Disconnected', { exact: true }).waitFor();
    await viewer.button('Connect').click();
    await viewer.until('connected');
    await viewer.toast('Connected').waitFor();
    await suite.stage.write();
    await viewer.untilTotal(3, 1);
  });

  it('shows the loss of the server with a countdown, and resumes by itself without losing a line', async () => {
    const viewer = await suite.open();
    viewer.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    await suite.stage.down();
    await viewer.until('waiting');
    await viewer.toast('Connection lost').waitFor();
    await viewer.connection.getByText('Connection lost (the server can’t be reached)').waitFor();
    await viewer.connection.getByText(/^Reconnecting in (\d+ s|a moment)$/).waitFor();
    await suite.stage.write(2);
    await suite.stage.up();
    await viewer.until('connected');
    await viewer.toast('Connected again').waitFor();
    await viewer.untilTotal(3, 2);
    expect(await viewer.numbers()).to.deep.equal(range(1, 5));
  });

  it('counts down to the Retry-After; “Retry now” connects immediately', async () => {
    const viewer = await suite.open();
    viewer.allow(/status of 503|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    suite.stage.browserGate = (_req, res) => void res.status(503).set('Retry-After', longS).end();
    suite.stage.cutBrowsers();
    await viewer.connection.getByText('Connection lost (the server responded with 503)').waitFor();
    const countdown = viewer.connection.getByText(/^Reconnecting in \d min( \d+ s)? \(the server asked for it\)$/);
    const before = await countdown.textContent();
    await viewer.page.waitForFunction(
      (text) => document.querySelector('.Stream-countdown')?.textContent !== text,
      before,
    );
    expect(await countdown.count()).to.equal(1);
    suite.stage.browserGate = undefined;
    await viewer.button('Retry now').click();
    await viewer.until('connected');
    expect(await viewer.button('Retry now').count()).to.equal(0);
  });

  it('stays off after Disconnect during the wait for a retry', async () => {
    const viewer = await suite.open();
    viewer.allow(/status of 503/);
    suite.stage.browserGate = (_req, res) => void res.status(503).set('Retry-After', longS).end();
    await viewer.reconnect();
    await viewer.connection.getByText(/^Reconnecting in \d min( \d+ s)? \(the server asked for it\)$/).waitFor();
    await viewer.button('Disconnect').click();
    await viewer.until('idle');
    expect(await viewer.connection.getByText(/^Reconnecting/).count()).to.equal(0);
  });

  it('stays live while the BFF reconnects to the log service, without losing a line', async () => {
    const viewer = await suite.open();
    suite.stage.cut();
    await suite.stage.write(2);
    await viewer.untilTotal(3, 2);
    expect(suite.stage.asked).to.have.length(2);
    expect(await viewer.connection.getAttribute('data-status')).to.equal('connected');
    expect(await viewer.page.locator('.toast').count()).to.equal(0);
  });

  it('shows a refusal with its reason while the log service is down', async () => {
    const viewer = await suite.open();
    viewer.allow(/ERR_INCOMPLETE_CHUNKED_ENCODING/);
    suite.stage.serviceGate = streamsOnly((req) => void req.socket.destroy());
    suite.stage.cutBrowsers();
    await viewer.until('refused');
    await viewer.connection.getByText('No live lines for now (the log service does not respond)').waitFor();
    await viewer.toast('No live lines for now').waitFor();
    await viewer.connection.getByText(/^Reconnecting in \d+ s/).waitFor();
    suite.stage.serviceGate = undefined;
    await viewer.button('Retry now').click();
    await viewer.until('connected');
    await viewer.toast('Connected again').waitFor();
  });

  it('shows that a user has too many streams, and connects when one has ended', async () => {
    const viewer = await suite.open();
    await viewer.button('Disconnect').click();
    await suite.stage.untilBrowsers(0);
    const [cookie] = await viewer.page.context().cookies();
    const headers = { cookie: `${cookie?.name}=${cookie?.value}`, accept: 'text/event-stream' };
    // The array keeps the responses: a response without a reference is cancelled by the garbage collector.
    const others = await Promise.all(Array.from({ length: 10 }, () => fetch(suite.stage.streamUrl, { headers })));
    await suite.stage.untilBrowsers(10);
    await viewer.page.clock.install();
    await viewer.button('Connect').click();
    await viewer.until('refused');
    await viewer.connection.getByText('No live lines for now (too many open streams)').waitFor();
    for (const { body } of others) await body?.cancel();
    await suite.stage.untilBrowsers(0);
    await viewer.page.clock.fastForward(15_000);
    await viewer.until('connected');
  });

  it('ends for good when the log service responds with 404', async () => {
    const viewer = await suite.open();
    viewer.allow(/status of 404/);
    // Without stored logs there is nothing to poll for.
    suite.stage.serviceGate = (_req, res) => void res.status(404).end();
    await viewer.reconnect();
    await viewer.until('closed');
    await viewer.connection.getByText(/^The server ended the stream/).waitFor();
    await viewer.toast('The server ended the stream').waitFor();
    suite.stage.serviceGate = undefined;
    await viewer.button('Connect').click();
    await viewer.until('connected');
  });

  it('shows that the session has ended, and connects after the sign-in', async () => {
    const viewer = await suite.open();
    viewer.allow(/status of 403|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    await viewer.page.context().clearCookies();
    suite.stage.cutBrowsers();
    await viewer.page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    await viewer.button('Sign in').click();
    await viewer.until('connected');
    await viewer.untilTotal(3, 0);
  });

  it('shows that the computer is offline, and resumes as soon as it is online', async () => {
    const viewer = await suite.open();
    viewer.allow(/ERR_INTERNET_DISCONNECTED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_NETWORK_CHANGED/);
    await viewer.page.context().setOffline(true);
    suite.stage.cutBrowsers();
    await viewer.connection.getByText('Connection lost (this computer is offline)').waitFor();
    await suite.stage.write(2);
    await viewer.page.context().setOffline(false);
    await viewer.until('connected');
    await viewer.untilTotal(3, 2);
    expect(await viewer.numbers()).to.deep.equal(range(1, 5));
  });

  it('resumes with every line after the computer slept while the connection died', async () => {
    const viewer = await suite.visit();
    await viewer.page.clock.install();
    await viewer.page.reload();
    await viewer.until('connected');
    suite.stage.silence();
    await suite.stage.write(4);
    await viewer.page.clock.fastForward(120_000);
    await viewer.untilTotal(3, 4);
    await viewer.until('connected');
    expect(suite.stage.asked).to.have.length.at.least(2);
    await viewer.page.clock.resume();
    expect(await viewer.numbers()).to.deep.equal(range(1, 7));
  });

  it('resumes with every line after the page was suspended while the connection broke', async () => {
    const viewer = await suite.open();
    viewer.allow(/ERR_INCOMPLETE_CHUNKED_ENCODING/);
    // Headless Chromium does not freeze pages. A debugger's pause does, at the next statement, which evaluate()
    // provides.
    const debug = await viewer.page.context().newCDPSession(viewer.page);
    await debug.send('Debugger.enable');
    const paused = new Promise((resolve) => debug.once('Debugger.paused', resolve));
    await debug.send('Debugger.pause');
    void viewer.page.evaluate(() => 0);
    await paused;
    await suite.stage.write(2);
    suite.stage.cutBrowsers();
    await suite.stage.write(2);
    await debug.send('Debugger.disable');
    await viewer.untilTotal(3, 4);
    expect(await viewer.numbers()).to.deep.equal(range(1, 7));
  });

  it('“Test backend” shows whether the BFF and the log service respond', async () => {
    const viewer = await suite.open();
    await viewer.button('Test backend').click();
    await viewer.page.getByText(/^Backend and log service respond · \d+ ms$/).waitFor();
    viewer.allow(/status of 503/);
    suite.stage.serviceGate = (req) => void req.socket.destroy();
    // The BFF uses its last probe of the log service for a second.
    for (
      const isDown = viewer.page.getByText(/^The backend responds, the log service does not · \d+ ms$/);
      !(await isDown.isVisible());
    )
      await Promise.all([viewer.page.waitForResponse('**/readyz'), viewer.button('Test backend').click()]);
    viewer.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    await suite.stage.down();
    await viewer.button('Test backend').click();
    await viewer.page.getByText(/^The backend can’t be reached · \d+ ms$/).waitFor();
  });

  it('“Test backend” gives up after 5 s, and each result fades after 15 s', async () => {
    const viewer = await suite.open();
    await viewer.page.route('**/readyz', () => {});
    await viewer.page.clock.install();
    await viewer.button('Test backend').click();
    const result = viewer.page.locator('.Stream-test');
    const silent = result.getByText(/^The backend has not responded for 5 s · [5-9]\d{3} ms$/);
    await silent.waitFor();
    await viewer.page.clock.runFor(14_000);
    await silent.waitFor();
    await viewer.page.clock.runFor(1_000);
    await silent.waitFor({ state: 'detached' });
    await viewer.page.unroute('**/readyz');
    await viewer.button('Test backend').click();
    await result.getByText(/^Backend and log service respond/).waitFor();
    await viewer.page.clock.runFor(15_000);
    await result.locator('span').waitFor({ state: 'detached' });
  });
});
