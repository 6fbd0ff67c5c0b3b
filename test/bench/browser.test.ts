import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { cleaner } from '../../packages/sse-proxy/test/support/until.ts';
import { startChild } from '../scale/support/child.ts';
import type { BrowsersAnswers } from './processes/browsers.ts';
import { chunk, eventData } from './processes/wire.ts';
import { verify } from './rounds/count.ts';
import { InvalidRound, type Stage } from './stage.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const shape = { browsers: 2, perSecond: 1, bytes: 100, spread: false };

function events(...sequences: number[]): Buffer {
  return Buffer.concat(sequences.map((sequence) => chunk(`data: ${eventData(sequence, 100)}\n\n`)));
}

describe('a round of the benchmark', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  /** Two browsers at a server that sends `answers[0]` to the first and `answers[1]` to the second. */
  async function twoBrowsers(answers: readonly (Buffer | string)[], end = false) {
    let asked = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(answers[asked++] ?? '');
        if (end) socket.end();
      });
    }).listen(0, '127.0.0.1');
    add(server, (it) => it.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const script = new URL('./processes/browsers.ts', import.meta.url).href;
    const browsers = add(await startChild<BrowsersAnswers>(script), (child) => child.stop());
    const report = await browsers.ask('connect', { port, path: '/', count: 2, atOnce: 1, withinMs: 30_000 });
    return { report, browsers, stage: { browsers: [browsers] } as unknown as Stage };
  }

  const good = Buffer.concat([Buffer.from(head), events(1, 2, 3)]);
  const cases: [string, readonly number[], string][] = [
    ['lost', [1, 3], '1 events missing, 1 of them skipped'],
    ['doubled', [1, 2, 2, 3], '1 events doubled'],
    ['out of order', [1, 3, 2], '1 events missing, 1 of them skipped; 1 events doubled'],
  ];

  it('a round is valid if every browser has every event once', async () => {
    const { browsers, stage, report } = await twoBrowsers([good, good]);
    expect(report).to.deep.include({ open: 2, failures: {} });
    await browsers.ask('expect', 3);
    await browsers.ask('reached', 30_000);
    expect(await verify(stage, shape, 3)).to.include({ open: 2, events: 6, lost: 0, doubled: 0, last: 3 });
  });

  for (const [fault, sequences, message] of cases) {
    it(`a round is not valid if an event was ${fault} for one browser`, async () => {
      const bad = Buffer.concat([Buffer.from(head), events(...sequences)]);
      const { browsers, stage } = await twoBrowsers([good, bad]);
      const sent = 3 + sequences.length;
      let counts = await browsers.ask('counts');
      while (counts.events + counts.doubled < sent) counts = await browsers.ask('counts');
      const error = await verify(stage, shape, 3).catch((cause) => cause);
      expect(error).to.be.instanceOf(InvalidRound);
      expect(error.message).to.equal(message);
    });
  }

  it('a round is not valid if a browser was disconnected', async () => {
    const { browsers, stage } = await twoBrowsers([good, good], true);
    let counts = await browsers.ask('counts');
    while ((counts.failures['closed by the server'] ?? 0) < 2) counts = await browsers.ask('counts');
    const error = await verify(stage, shape, 3).catch((cause) => cause);
    expect(error.message).to.equal('2 browsers gone: 2 closed by the server');
  });

  it('a round counts refused browsers by the reason', async () => {
    const { report } = await twoBrowsers([good, 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n']);
    expect(report).to.deep.include({ open: 1, failures: { 'answered 503': 1 } });
  });
});
