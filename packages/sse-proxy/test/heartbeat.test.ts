import { expect } from 'chai';
import { flood, reader } from './support/flood.ts';
import { heartbeats, stage } from './support/stage.ts';
import { until } from './support/until.ts';

// A second, quiet browser on the same proxy shows how many heartbeats the first one could have been sent.
describe('the heartbeat', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('a heartbeat is a comment line without an empty line [R28]', async () => {
    const { browser } = await opened({ heartbeatMs: 10 });
    await browser.sees(':\n:\n');
    expect(browser.body()).to.match(/^(:\n)+$/);
  });

  it('a heartbeat is sent between events, also while the upstream is in the middle of one [R29]', async () => {
    const { browser, request } = await opened({ heartbeatMs: 10 });
    request.send('data: one\n\nda');
    await until(() => heartbeats(browser.body().split('one\n\n')[1] ?? '') >= 3);
    request.send('ta: two\n\n');
    await browser.sees('two\n\n');
    expect(browser.body()).to.match(/^(:\n)*data: one\n\n(:\n){3,}data: two\n\n(:\n)*$/);
  });

  it('a heartbeat is not sent after a CR whose LF may still follow [R29]', async () => {
    const { app: proxied, browser, request, upstream: up } = await opened({ heartbeatMs: 10 });
    const other = visit(proxied.port);
    (await up.request(1)).begin();
    request.send('data: one\r\n\r');
    const before = heartbeats(await browser.sees('one\r\n\r'));
    await other.opened();
    const heard = heartbeats(other.body());
    await until(() => heartbeats(other.body()) >= heard + 5);
    expect(browser.body()).to.equal(`${':\n'.repeat(before)}data: one\r\n\r`);
    request.send('\n');
    await browser.sees('one\r\n\r\n:\n');
  });

  it('a heartbeat is not sent while bytes wait for the browser [R29]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy } = await app({ target: up.url, heartbeatMs: 10, retryMs: false });
    const slow = add(reader(port), (it) => it.leave());
    await slow.opened();
    const sending = flood(await up.request(), 3_000, 16_384);
    await until(() => proxy.stats().bufferedBytes > 0 && up.requests[0]?.socket.writableNeedDrain);
    const bytesOfSlow = () => Math.max(...proxy.streams().map(({ bytes }) => bytes));
    const quiet = visit(port);
    await until(() => heartbeats(quiet.body()) >= 5);
    const before = bytesOfSlow();
    await until(() => heartbeats(quiet.body()) >= 15);
    expect(bytesOfSlow(), 'bytes written while bytes wait').to.equal(before);
    slow.read();
    await sending;
    await until(() => slow.events() === 3_000);
    expect(slow.inOrder()).to.equal(true);
  });

  it('a heartbeat is not sent with heartbeatMs: false [R29]', async () => {
    // maxStallMs makes the timer as fast as that of the other proxy.
    const { browser, request } = await opened({ heartbeatMs: false, slowClient: { maxStallMs: 20 } });
    const { browser: other } = await opened({ heartbeatMs: 20 });
    await until(() => heartbeats(other.body()) >= 10);
    request.send('data: one\n\n');
    expect(await browser.sees('one\n\n')).to.equal('data: one\n\n');
  });

  it('a heartbeat is sent only after heartbeatMs without a byte [R29]', async () => {
    const { app: proxied, browser, request, upstream: up } = await opened({ heartbeatMs: 200 });
    const other = visit(proxied.port);
    (await up.request(1)).begin();
    const timer = add(
      setInterval(() => request.send('data: x\n\n'), 5),
      (it) => clearInterval(it),
    );
    await until(() => heartbeats(other.body()) >= 2);
    clearInterval(timer);
    expect(browser.body()).to.match(/^(data: x\n\n)+$/);
  });
});
