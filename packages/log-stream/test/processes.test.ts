import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { SqliteLogStore } from '../src/index.ts';
import { epochOf, idsOf } from './support/numbers.ts';
import { log, logs, logsPath, messagesOf, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const appenderScript = fileURLToPath(new URL('support/appender.ts', import.meta.url));
const openerScript = new URL('support/opener.ts', import.meta.url);

describe('processes that share one file', () => {
  let folder: string;
  let path: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
    path = join(folder, 'logs.db');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    leaveStreams();
    await stopServices();
    rmSync(folder, { recursive: true });
  });

  /** Appends logs in a child process. */
  function append(prefix: string, count: number | 'forever') {
    const child = spawn(process.execPath, [appenderScript, path, prefix, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return { child, output: text(child.stdout), exit: once(child, 'exit') as Promise<[number | null, string | null]> };
  }

  it('streams the logs of another process live, once each and in order', async () => {
    const { url } = await service({ store: new SqliteLogStore({ path, pollMs: 5 }) });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await stream.until((body) => body.includes('id: '));
    const { exit } = append('child', 500);
    await stream.untilMessage('child499');
    expect(stream.messages).to.deep.equal(logs(500, 'child').map(({ message }) => message));
    expect(await exit).to.deep.equal([0, null]);
  });

  it('processes that create one file at the same time agree on its epoch and on one order of logs', async () => {
    const appenders = ['a', 'b', 'c', 'd'].map((prefix) => append(prefix, 50));
    const store = new SqliteLogStore({ path, pollMs: 5 });
    const { url } = await service({ store });
    const stream = await openStream(`${url}${logsPath}/stream`, { lastEventId: (await idsOf(store)).encode(0) });
    for (let i = 0; i < 50; i++) await store.append([log(`e${i}`)]);
    await Promise.all(appenders.map(({ exit }) => exit));
    await store.append([log('end')]);
    await stream.untilMessage('end');

    const epochs = await Promise.all(appenders.map(async ({ output }) => (await output).trim()));
    expect(new Set(epochs)).to.deep.equal(new Set([await epochOf(store)]));
    const ids = await idsOf(store);
    const numbers = stream.events.map(({ id }) => ids.decode(id, 'event') ?? 0);
    expect(numbers)
      .to.have.length(251)
      .and.deep.equal(numbers.toSorted((a, b) => a - b));
    for (const prefix of 'abcde') {
      const own = stream.messages.filter((message) => message.startsWith(prefix) && message !== 'end');
      expect(own).to.deep.equal(logs(50, prefix).map(({ message }) => message));
    }
  });

  it('several connections can create the same file at the same instant', async () => {
    const paths = Array.from({ length: 12 }, (_, i) => join(folder, `${i}.db`));
    const arrived = new Int32Array(new SharedArrayBuffer(paths.length * 4));
    const openers = 4;
    const found = await Promise.all(
      Array.from({ length: openers }, async () => {
        const worker = new Worker(openerScript, { workerData: { paths, openers, arrived } });
        const [epochs] = (await once(worker, 'message')) as [string[]];
        return epochs;
      }),
    );
    for (const epochs of found) expect(epochs).to.deep.equal(found[0]);
    for (const path of paths) {
      const store = new SqliteLogStore({ path });
      expect((await store.query({ filter: {}, order: 'asc', limit: 9 })).logs).to.have.length(openers);
      await store.close();
    }
  });

  it('a process killed while it appends loses no log that a reader has received', async () => {
    const store = new SqliteLogStore({ path, pollMs: 5 });
    const { url } = await service({ store });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await stream.until((body) => body.includes('id: '));
    const { child, exit } = append('child', 'forever');
    await stream.until(() => stream.messages.length >= 200);
    child.kill('SIGKILL');
    expect(await exit).to.deep.equal([null, 'SIGKILL']);
    await store.append([log('end')]);
    await stream.untilMessage('end');
    const { logs: stored } = await store.query({ filter: {}, order: 'asc', limit: 100_000 });
    expect(stream.messages).to.deep.equal(messagesOf(stored));
    expect(stream.messages.slice(0, -1)).to.deep.equal(logs(stored.length - 1, 'child').map(({ message }) => message));
  });
});
