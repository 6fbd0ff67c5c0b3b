import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import express from 'express';
import { sseRouter } from '../../packages/sse-proxy/src/index.ts';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { needs } from '../support/needs.ts';
import { type Framework, testService } from './support/python.ts';
import { judge, Reader } from './support/reader.ts';
import { Service } from './support/service.ts';

const readersPerRoute = 20;
const kills = 1;
/** Logs that have the same millisecond, and so the same id. */
const logsPerMillisecond = 3;
/** Logs that every reader must have received between two kills. */
const logsPerRound = 30;

describe('log services in Python, killed and restarted under 20 browsers on a dedicated and 20 on a shared route', () => {
  needs('python');
  const { add, clean } = cleaner();
  afterEach(clean);

  /** Appends to the service's log file, a few lines at a time. */
  function startWriter(file: string) {
    let number = 0;
    const append = () => {
      let lines = '';
      for (let i = 0; i < 4; i++) {
        number++;
        lines += `${1_758_531_240_000 + Math.floor(number / logsPerMillisecond)} ${number}\n`;
      }
      appendFileSync(file, lines);
    };
    const timer = setInterval(append, 20);
    return {
      newest: () => number,
      stop: () => clearInterval(timer),
    };
  }

  async function openProxy(target: string): Promise<string> {
    const resume = { minDelayMs: 20, maxDelayMs: 200 };
    const router = sseRouter({ '/dedicated': { target, resume }, '/shared': { target, resume, share: true } });
    const server: Server = express().use(router).listen(0, '127.0.0.1');
    add(server, () => server.closeAllConnections());
    add(server, () => server.close());
    add(router, () => router.close({ graceMs: 0 }));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function run(framework: Framework, ids: 'ms' | 'counter') {
    const folder = add(mkdtempSync(join(tmpdir(), 'python-logs-')), (path) => rmSync(path, { recursive: true }));
    const file = join(folder, 'logs');
    writeFileSync(file, '');
    const service = add(await Service.start(testService(framework, { LOG_FILE: file, IDS: ids })), (it) => it.kill());
    const url = await openProxy(service.url);
    const writer = add(startWriter(file), (it) => it.stop());
    const open = (route: string) =>
      Promise.all(Array.from({ length: readersPerRoute }, () => Reader.open(url + route)));
    const dedicated = await open('/dedicated');
    const shared = await open('/shared');
    const readers = add([...dedicated, ...shared], (all) => {
      for (const reader of all) reader.leave();
    });
    const reached = (number: number) =>
      until(() => {
        for (const { ended } of readers) if (ended) throw new Error(`a stream ended: ${ended}`);
        return readers.every(({ newest }) => newest >= number);
      });

    for (let round = 0; round < kills; round++) {
      await reached(writer.newest() + logsPerRound);
      await service.kill();
      await service.start();
    }
    await reached(writer.newest() + logsPerRound);
    writer.stop();
    await reached(writer.newest());
    return { dedicated: verdicts(dedicated), shared: verdicts(shared) };
  }

  /** Each distinct verdict with the number of its readers. */
  function verdicts(readers: readonly Reader[]): Record<string, number> {
    const groups = Object.groupBy(readers, ({ received }) => JSON.stringify(judge(received)));
    return Object.fromEntries(Object.entries(groups).map(([verdict, group = []]) => [verdict, group.length]));
  }

  for (const framework of ['FastAPI', 'Flask'] as const) {
    it(`delivers every log of ${framework} once and without a gap if logs share millisecond ids [R35]`, async () => {
      const exact = { [JSON.stringify(judge([1]))]: readersPerRoute };

      expect(await run(framework, 'ms')).to.deep.equal({ dedicated: exact, shared: exact });
    });

    it(`reports a gap wherever logs of ${framework} are missing if its ids restart at 1 [R31]`, async () => {
      const { dedicated, shared } = await run(framework, 'counter');

      for (const verdict of [...Object.keys(dedicated), ...Object.keys(shared)]) {
        const { gaps, lost, repeated } = JSON.parse(verdict);
        expect({ gaps, lost, repeated }).to.deep.equal({ gaps: kills, lost: [], repeated: [] });
      }
    });
  }
});

describe('the judge of the Python upstreams’ test', () => {
  for (const [title, received, verdict] of [
    ['accepts a run that begins anywhere', [7, 8, 9], { gaps: 0, lost: [], reported: 0, repeated: [] }],
    ['finds a lost log', [1, 3], { gaps: 0, lost: [2], reported: 0, repeated: [] }],
    ['accepts a lost log behind a gap event', [1, { gap: 'x' }, 4], { gaps: 1, lost: [], reported: 2, repeated: [] }],
    ['finds a repeated log', [1, 2, 1, 2, 3], { gaps: 0, lost: [], reported: 0, repeated: [1, 2] }],
    [
      'finds a log that is lost elsewhere than at the gap event',
      [1, { gap: 'x' }, 2, 4],
      { gaps: 1, lost: [3], reported: 0, repeated: [] },
    ],
  ] as const) {
    it(`the judge ${title}`, () => expect(judge(received)).to.deep.equal(verdict));
  }
});
