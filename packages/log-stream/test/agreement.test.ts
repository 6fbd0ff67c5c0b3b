import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SqliteLogStore } from '../src/index.ts';
import { log, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const appender = fileURLToPath(new URL('support/appender.ts', import.meta.url));
const writers = ['a', 'b', 'c'];
const perWriter = 150;
const maxSplices = 5;
/** The last log. */
const end = 'a1 end';

interface Page {
  ids: string[];
  logs: { message: string }[];
  nextCursor: string | null;
  gap: string | null;
}

describe('pages and streams while several processes write', () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
  });
  afterEach(async () => {
    leaveStreams();
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
    await stopServices();
    rmSync(folder, { recursive: true });
  });

  for (const query of ['', 'search=A1']) {
    it(`the union of the pages${query && ` with ${query}`} is exactly what was streamed, each log once`, async () => {
      const path = join(folder, 'logs.db');
      const store = new SqliteLogStore({ path, pollMs: 5 });
      const { url } = await service({ store });
      const get = async (more: string) => {
        const answer = await fetch(`${url}${logsPath}?${query}&${more}`);
        return { ...((await answer.json()) as Page), position: String(answer.headers.get('last-event-id')) };
      };
      const splice = async () => {
        const newest = await get('limit=500');
        const live = await openStream(`${url}${logsPath}/stream?${query}`, { lastEventId: newest.position });
        await live.untilMessage(end);
        return [...newest.ids.toReversed(), ...live.events.map(({ id }) => id)];
      };
      const stream = await openStream(`${url}${logsPath}/stream?${query}`);
      await stream.until((text) => text.includes('id: '));
      const exits = writers.map((prefix) => {
        const child = spawn(process.execPath, [appender, path, prefix, String(perWriter)], { stdio: 'ignore' });
        children.push(child);
        return once(child, 'exit');
      });

      const done = Promise.all(exits).then(() => store.append([log(end)]));
      // Ascending from the first log on, while the writers write. At the end of what is there, a page of the newest
      // logs and a stream that continues from it.
      const paged: string[] = [];
      const spliced: Promise<string[]>[] = [];
      for (let cursor = '', isOver = false; !isOver; ) {
        const page = await get(`order=asc&limit=7&cursor=${cursor}`);
        expect(page.gap).to.equal(null);
        isOver = page.logs.at(-1)?.message === end;
        if (page.nextCursor || isOver) paged.push(...page.ids);
        cursor = page.nextCursor ?? cursor;
        if (!page.nextCursor && !isOver && spliced.length < maxSplices) spliced.push(splice());
      }
      await done;
      await stream.untilMessage(end);

      const streamed = stream.events.map(({ id }) => id);
      expect(new Set(streamed).size).to.equal(streamed.length);
      expect(streamed.length).to.equal(1 + (query.startsWith('search') ? 61 : perWriter * writers.length));
      expect(paged).to.deep.equal(streamed);
      const descending: string[] = [];
      for (let next: string | null = ''; next !== null; ) {
        const page: Page = await get(`limit=100&cursor=${next}`);
        descending.push(...page.ids);
        next = page.nextCursor;
      }
      expect(descending.toReversed()).to.deep.equal(streamed);
      for (const ids of await Promise.all(spliced)) expect(ids).to.deep.equal(streamed);
    });
  }
});
