import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { SqliteLogStore } from '../src/index.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

describe('gap events', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
  });
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    rmSync(folder, { recursive: true });
  });

  for (const [what, document, reason] of [
    ['a log over the bound', `"${'x'.repeat(2_000_000)}"`, 'event-too-large'],
    ['a document that is not JSON', '{"logLevel":"INFO', 'unreadable'],
  ] as const) {
    it(`a gap event takes the place of ${what}, live and in a replay, and a resume begins after it [R34]`, async () => {
      const path = join(folder, 'logs.db');
      const store = new SqliteLogStore({ path, pollMs: 1 });
      const { url, router } = await service({ store });
      await store.append([log('first')]);
      const first = await openStream(`${url}${logsPath}/stream?history=1`);
      await first.untilMessage('first');
      const lastEventId = first.lastId;
      const live = await openStream(`${url}${logsPath}/stream`);
      const elsewhere = await openStream(`${url}${logsPath.replace('/wf/', '/other/')}/stream`);
      await eventually(() => router.stats().atTip === 3);
      const other = new DatabaseSync(path);
      other
        .prepare(
          "INSERT INTO logs (workspace, workflow, level, at, haystack, document) VALUES ('ws', 'wf', 2, 0, '', ?)",
        )
        .run(document);
      other.close();
      await store.append([log('last'), log('there', { workflowID: 'other' })]);
      await live.untilMessage('last');
      await elsewhere.untilMessage('there');
      const replayed = await openStream(`${url}${logsPath}/stream`, { lastEventId });
      await replayed.untilMessage('last');

      for (const stream of [live, replayed]) {
        const [, frame, id, data] =
          /event: sse-proxy:gap\n(data: (\{.*\}))\n\nid: (.*)\n\nid: /.exec(stream.text) ?? [];
        expect(frame, stream.text.slice(0, 500)).to.not.equal(undefined);
        expect(JSON.parse(String(id))).to.deep.equal({ reason, id: data });
        const resumed = await openStream(`${url}${logsPath}/stream`, { lastEventId: data });
        await resumed.untilMessage('last');
        expect(resumed.text).not.to.include('sse-proxy:gap');
      }
      expect(elsewhere.text).not.to.include('sse-proxy:gap');
    });
  }

  it('a subscriber gets no gap event if only logs of other workflows were trimmed', async () => {
    const { url, store } = await service({ store: new SqliteLogStore({ path: ':memory:', maxLogs: 3 }) });
    await store.append([log('mine')]);
    const first = await openStream(`${url}${logsPath}/stream?history=1`);
    const filtered = await openStream(`${url}${logsPath}/stream?history=1&log_level=info`);
    await Promise.all([first, filtered].map((stream) => stream.untilMessage('mine')));
    const lastEventId = first.lastId;
    for (let i = 0; i < 10; i++) await store.append(logs(2, `${i}-`, { workflowID: 'other' }));
    await store.append([log('next')]);
    // Trimming overtakes the live streams too.
    for (const stream of [first, filtered]) {
      await stream.untilMessage('next');
      expect(stream.text).not.to.include('sse-proxy:gap');
    }
    for (const query of ['', '?log_level=info', '?search=next']) {
      const resumed = await openStream(`${url}${logsPath}/stream${query}`, { lastEventId });
      await resumed.untilMessage('next');
      expect(resumed.text).not.to.include('sse-proxy:gap');
    }
  });
});
