import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('a line end of the upstream that arrives in a later chunk than what it ends', () => {
  const { upstream, app, visit, opened, clean } = stage();
  afterEach(clean);

  const emptyLine = /(^|\r\n|\n|\r)(\r\n|\n|\r)/g;
  const rows: [string, Partial<SseProxyOptions>, (body: string) => void][] = [
    ['passes unchanged', {}, (body) => expect(body).to.equal('id: 1\r\ndata: a\r\n\r\nid: 2\r\ndata: b\r\n\r\n')],
    ['is dropped after an event that was transformed', { transform: (event) => event }, twoEmptyLines],
    ['is dropped after an event whose id was replaced', { share: { ids: 'assign' } }, twoEmptyLines],
  ];
  function twoEmptyLines(body: string): void {
    expect([...body.matchAll(emptyLine)], JSON.stringify(body)).to.have.length(2);
  }
  for (const [title, options, check] of rows) {
    it(`a line end in a later chunk ${title} [R22] [R28]`, async () => {
      const { browser, request } = await opened(options);
      request.send('id: 1\r\ndata: a\r\n\r');
      await browser.sees('data: a');
      request.send('\nid: 2\r\ndata: b\r\n\r');
      await browser.sees('data: b');
      request.send('\n');
      request.end();
      await until(() => browser.complete());
      check(browser.body());
    });
  }

  it('a line end in a later chunk is dropped behind the gap that took the place of an event [R28] [R34]', async () => {
    const { browser, request } = await opened({ maxEventBytes: 1_024, resume: { minDelayMs: 1, maxDelayMs: 5 } });
    request.send(`id: 1\r\ndata: ${'x'.repeat(2_000)}\r\n\r`);
    await browser.sees('id: 1\n\n');
    request.send('\nid: 2\r\ndata: b\r\n\r\n');
    const body = await browser.sees('data: b\r\n\r\n');
    expect(body.slice(body.indexOf('id: 1\n'))).to.equal('id: 1\n\nid: 2\r\ndata: b\r\n\r\n');
  });

  it('a line end in a later chunk is not sent to a browser that has joined a shared feed in between [R28]', async () => {
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, retryMs: 1_000, share: { join: 'live' } });
    const first = visit(proxied.port);
    const request = await up.request();
    for (const [sent, rest] of [
      [': c\n', '\n'],
      ['retry: 5\r\n', '\r\n'],
      ['data: a\r\n\r', '\n'],
    ] as const) {
      request.send(sent);
      await first.sees(sent);
      const later = visit(proxied.port);
      await later.sees('retry: 1000\n');
      request.send(`${rest}data: next\n\n`);
      expect(await later.sees('data: next')).to.equal('retry: 1000\ndata: next\n\n');
      expect(await first.sees('data: next\n\n')).to.include(`${sent}${rest}data: next`);
    }
  });
});
