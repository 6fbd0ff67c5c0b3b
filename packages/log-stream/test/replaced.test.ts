import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import request from 'supertest';
import { SqliteLogStore } from '../src/index.ts';
import { killChildren, startScript } from './support/children.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream, type TestStream } from './support/sse.ts';

const gap = 'event: sse-proxy:gap\ndata: {"reason":"unknown-id"}\n\n';

/** The messages that follow the only gap of a stream. */
function behindGap(stream: TestStream): string[] {
  const parts = stream.text.split(gap);
  expect(parts).to.have.length(2);
  return [...String(parts[1]).matchAll(/"message":"([^"]*)"/g)].map(([, message]) => String(message));
}

describe('streams over a store whose file changes under the service', () => {
  let folder: string;
  let path: string;
  let errors: Error[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
    path = join(folder, 'logs.db');
    errors = [];
  });
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    await killChildren();
    rmSync(folder, { recursive: true });
  });

  /** A service with stored logs, and a stream that has received all of them. */
  async function following(stored: number) {
    const running = await service({ store: new SqliteLogStore({ path }), onError: (error) => errors.push(error) });
    await running.store.append(logs(stored, 'old'));
    const stream = await openStream(`${running.url}${logsPath}/stream?history=500`);
    await stream.untilMessage(`old${stored - 1}`);
    return { ...running, stream };
  }

  /** Creates a store with logs beside the service's. */
  async function otherStore(count: number): Promise<string> {
    const other = join(folder, 'other.db');
    const store = new SqliteLogStore({ path: other });
    await store.append(logs(count, 'other'));
    await store.close();
    return other;
  }

  it('a replaced file is noticed: streams get a gap, all logs of the new file, and what other processes append to it', async () => {
    const { stream, url } = await following(5);
    // More logs than the old file had: their numbers were given before.
    renameSync(await otherStore(9), path);
    await stream.untilMessage('other8');
    expect(behindGap(stream)).to.deep.equal(logs(9, 'other').map(({ message }) => message));
    startScript('appender.ts', [path, 'child', '3']);
    await stream.untilMessage('child2');
    const resumed = await openStream(`${url}${logsPath}/stream`, { lastEventId: stream.lastId });
    startScript('appender.ts', [path, 'last', '1']);
    await resumed.untilMessage('last0');
    expect(resumed.text).to.not.include('sse-proxy:gap');
    expect(resumed.messages).to.deep.equal(['last0']);
    expect(errors).to.deep.equal([]);
  });

  it('a file that is deleted makes the service unhealthy with one error, until a pipeline creates it', async () => {
    const { stream, url, app } = await following(5);
    for (const file of ['', '-wal', '-shm']) rmSync(path + file, { force: true });
    expect(await stream.untilEnd()).to.equal('cut');
    for (let i = 0; i < 3; i++) {
      await request(app).get('/healthz').expect(503);
      await request(app).get(`${logsPath}/stream`).expect(503);
      await request(app).get(logsPath).expect(503);
    }
    expect(errors.map(({ message }) => message)).to.deep.equal([`${path}: the file of the log store is missing`]);

    startScript('appender.ts', [path, 'new', '3']);
    await eventually(async () => (await request(app).get('/healthz')).status === 200);
    const resumed = await openStream(`${url}${logsPath}/stream`, { lastEventId: stream.lastId });
    await resumed.untilMessage('new2');
    expect(behindGap(resumed)).to.deep.equal(['new0', 'new1', 'new2']);
  });

  for (const [how, restore] of [
    [
      'into the open file',
      async (saved: string) => {
        const restored = new DatabaseSync(saved);
        await backup(restored, path);
        restored.close();
      },
    ],
    [
      'in place of the open file',
      async (saved: string) => {
        for (const file of ['', '-wal', '-shm']) rmSync(path + file);
        renameSync(saved, path);
      },
    ],
  ] as const) {
    it(`a backup that is restored ${how} and written past: streams get a gap, and only the logs that are new`, async () => {
      const { store, stream, url } = await following(100);
      const behind = await openStream(`${url}${logsPath}/stream?search=old`);
      const saved = join(folder, 'saved.db');
      const source = new DatabaseSync(path);
      await backup(source, saved);
      source.close();
      await store.append(logs(50, 'lost'));
      await stream.untilMessage('lost49');
      await restore(saved);
      await store.append(logs(150, 'new'));
      await stream.untilMessage('new149');
      const added = logs(150, 'new').map(({ message }) => message);
      expect(behindGap(stream)).to.deep.equal(added);
      await store.append([log('old and new')]);
      await behind.untilMessage('old and new');
      expect(behindGap(behind)).to.deep.equal(['old and new']);
    });
  }

  it('a backup restored and written past while the service is down: streams get only new logs, and a gap if they were ahead', async () => {
    const { store, stream } = await following(100);
    const { body } = await request((await service({ store })).app).get(`${logsPath}?order=asc&limit=99`);
    const known = body.ids.at(-1);
    const saved = join(folder, 'saved.db');
    const source = new DatabaseSync(path);
    await backup(source, saved);
    source.close();
    await store.append(logs(50, 'lost'));
    await stream.untilMessage('lost49');
    await stopServices();
    for (const file of ['-wal', '-shm']) rmSync(path + file, { force: true });
    copyFileSync(saved, path);

    const again = await service({ store: new SqliteLogStore({ path }) });
    await again.store.append(logs(150, 'new'));
    const ahead = await openStream(`${again.url}${logsPath}/stream`, { lastEventId: stream.lastId });
    const within = await openStream(`${again.url}${logsPath}/stream`, { lastEventId: known });
    await Promise.all([ahead.untilMessage('new149'), within.untilMessage('new149')]);
    const added = logs(150, 'new').map(({ message }) => message);
    expect(behindGap(ahead)).to.deep.equal(added);
    expect(within.text).to.not.include('sse-proxy:gap');
    expect(within.messages).to.deep.equal(['old99', ...added]);
    // A page after the lost id begins at the oldest log, as after any unknown id.
    const page = await request(again.app).get(`${logsPath}?order=asc&after=${stream.lastId}&limit=1`).expect(200);
    expect(page.body.logs[0].message).to.equal('old0');
  });

  it('streams go on without a gap or a repeated log when a copy replaces the file', async () => {
    const { store, stream } = await following(5);
    const copy = join(folder, 'copy.db');
    const source = new DatabaseSync(path);
    await backup(source, copy);
    source.close();
    renameSync(copy, path);
    await store.append([log('next')]);
    await stream.untilMessage('next');
    expect(stream.text).to.not.include('sse-proxy:gap');
    expect(stream.messages).to.deep.equal(['old0', 'old1', 'old2', 'old3', 'old4', 'next']);
  });

  it('corrupt pages: 503 and one error for many subscribers, who resume exactly once the file is whole again', async () => {
    const store = new SqliteLogStore({ path });
    for (let i = 0; i < 20; i++) await store.append(logs(50, `${i}-`));
    await store.close();
    const intact = readFileSync(path);
    const corrupt = Buffer.from(intact);
    corrupt.fill(0xff, intact.length / 2, (3 * intact.length) / 4);
    writeFileSync(path, corrupt);

    const { app, url } = await service({ store: new SqliteLogStore({ path }), onError: (error) => errors.push(error) });
    const history = `${url}${logsPath}/stream?last_event_id=nothing`;
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(history)));
    await Promise.all(streams.map((stream) => stream.status === 200 && stream.untilEnd()));
    for (let i = 0; i < 5; i++) {
      await request(app).get('/healthz').expect(503);
      await request(app).get(`${logsPath}/stream`).expect(503);
    }
    expect(errors.map(({ message }) => message)).to.deep.equal(['database disk image is malformed']);

    writeFileSync(path, intact);
    await eventually(async () => (await request(app).get('/healthz')).status === 200);
    const [cut] = streams;
    const resumed = await openStream(`${url}${logsPath}/stream`, { lastEventId: cut?.lastId });
    await resumed.untilMessage('19-49');
    const all = Array.from({ length: 20 }, (_, i) => logs(50, `${i}-`).map(({ message }) => message)).flat();
    expect([...(cut?.messages ?? []), ...resumed.messages]).to.deep.equal(all);
  });
});
