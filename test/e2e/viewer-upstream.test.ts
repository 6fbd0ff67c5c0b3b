import { expect } from 'chai';
import type { Response } from 'express';
import { pagesOnly, streamsOnly } from './support/viewer-gates.ts';
import type { StreamPage } from './support/viewer-page.ts';
import { viewerSuite } from './support/viewer-suite.ts';

describe('Stream mode without a log service behind the BFF', () => {
  const suite = viewerSuite(3);
  let viewer: StreamPage;
  let stream: Response;

  /** Connects the page to a scripted stream in place of the BFF's. */
  const openScripted = async () => {
    suite.stage.browserGate = (_req, res) => {
      stream = res;
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write(': open\n\n');
    };
    viewer = await suite.open();
    viewer.allow(/ERR_INCOMPLETE_CHUNKED_ENCODING/);
  };
  const report = (state: string, since = new Date(Date.now() - 40_000).toISOString()) =>
    stream.write(`event: sse-proxy:upstream\ndata: ${JSON.stringify({ state, since })}\n\n`);
  const live = () => viewer.connection.getByText('Live', { exact: true });
  const warning = () => viewer.connection.locator('.StatusHint--warning, .StatusHint-icon--warning').first();

  it('shows each reported state in amber with its age, and “Live” when the log service is back [R43]', async () => {
    await openScripted();
    await live().waitFor();
    for (const [state, text] of [
      ['connecting', 'Waiting for the log service'],
      ['lost', 'Log service lost, reconnecting'],
      ['silent', 'Log service silent'],
    ] as const) {
      report(state);
      await viewer.connection.getByText(text).waitFor();
      await viewer.connection.getByText(/^for (\d\d\d? s|\d+ min)/).waitFor();
      await warning().waitFor();
      expect(await live().count()).to.equal(0);
    }
    report('restored');
    await live().waitFor();
    // The reports are no lines of the list.
    await viewer.untilRows(3);
    await viewer.untilTotal(3, 0);
  });

  it('ends a reported state with its connection', async () => {
    await openScripted();
    report('lost');
    await viewer.connection.getByText('Log service lost').waitFor();
    suite.stage.browserGate = undefined;
    stream.destroy();
    await live().waitFor();
  });

  it('shows amber while the real proxy waits for a log service that hangs', async () => {
    viewer = await suite.open();
    suite.stage.serviceGate = streamsOnly(() => {});
    await viewer.reconnect();
    await viewer.connection.getByText('Waiting for the log service').waitFor();
    expect(await live().count()).to.equal(0);
  });

  it('shows how long no line has arrived', async () => {
    await openScripted();
    await viewer.connection.getByText(/^nothing for \d+ days$/).waitFor();
    await viewer.page.clock.install();
    stream.write('id: x-1\ndata: a line\n\n');
    await viewer.connection.getByText(/^Last line \d\d:\d\d:\d\d$/).waitFor();
    await viewer.page.clock.fastForward(30_000);
    await viewer.connection.getByText(/^Last line \d\d:\d\d:\d\d · nothing for \d\d s$/).waitFor();
    await viewer.button('Disconnect').click();
    await viewer.connection.getByText(/^Last line \d\d:\d\d:\d\d$/).waitFor();
  });
});

describe('the first load of Stream mode', () => {
  const suite = viewerSuite(5);

  it('the first load is retried with a countdown until it succeeds, then the stream connects', async () => {
    let requests = 0;
    suite.stage.serviceGate = pagesOnly((req) => {
      requests += 1;
      req.socket.destroy();
    });
    const viewer = await suite.visit();
    viewer.allow(/status of 502/);
    await viewer.until('waiting');
    await viewer.page.getByRole('heading', { name: 'The logs could not be loaded' }).waitFor();
    await viewer.connection.getByText('Logs not loaded (the server responded with 502)').waitFor();
    await viewer.connection.getByText(/^Reconnecting in (\d+ s|a moment)$/).waitFor();
    while (requests < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    suite.stage.serviceGate = undefined;
    await viewer.until('connected');
    await suite.stage.write(2);
    await viewer.untilTotal(5, 2);
  });

  it('the first load is retried as soon as the user asks for it, and not after Disconnect', async () => {
    suite.stage.serviceGate = pagesOnly((req) => void req.socket.destroy());
    const viewer = await suite.visit();
    viewer.allow(/status of 502/);
    await viewer.until('waiting');
    await viewer.button('Disconnect').click();
    await viewer.until('idle');
    suite.stage.serviceGate = undefined;
    await viewer.page.getByRole('heading', { name: 'The logs could not be loaded' }).waitFor();
    expect(await viewer.button('Retry now').count()).to.equal(0);
    await viewer.button('Try again').click();
    await viewer.until('connected');
    await viewer.untilTotal(5, 0);
  });

  it('the first load is not retried when the log service refuses the request for good', async () => {
    suite.stage.serviceGate = pagesOnly((_req, res) => void res.status(400).end());
    const viewer = await suite.visit();
    viewer.allow(/status of 400/);
    await viewer.page.getByRole('heading', { name: 'The logs could not be loaded' }).waitFor();
    await viewer.until('idle');
    await viewer.button('Connect').waitFor();
    expect(await viewer.button('Retry now').count()).to.equal(0);
  });
});
