import { EventEmitter } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { logTable } from '../src/database.ts';
import { fromEmitter } from '../src/emitter.ts';
import { stage, until } from './support/stage.ts';

describe('recipes for sources in the same process', () => {
  const { clean, serve, visit, undo } = stage();
  afterEach(clean);

  it('the recipe for an EventEmitter sends each value to all browsers; one that returns gets what it missed', async () => {
    const jobs = new EventEmitter();
    const source = fromEmitter(jobs, 'progress', (percent: number) => ({ data: String(percent) }));
    const { url, proxy } = await serve({
      source,
      share: { key: () => 'jobs', ids: 'assign', join: 'live', lingerMs: 0 },
    });
    const [one, other] = [await visit(url), await visit(url)];
    expect(jobs.listenerCount('progress')).to.equal(1);
    for (const percent of [1, 2, 3]) jobs.emit('progress', percent);
    await until(() => one.datas().length === 3 && other.datas().length === 3);
    other.leave();
    await until(() => proxy.stats().open === 1);
    jobs.emit('progress', 4);
    const returned = await visit(url, other.ids().at(-1));
    await until(() => returned.datas().length === 1);
    expect(returned.datas()).to.deep.equal(['4']);
    one.leave();
    returned.leave();
    await until(() => jobs.listenerCount('progress') === 0);
    expect(proxy.stats()).to.include({ upstreamConnections: 0, sharedFeeds: 0 });
  });

  it('the recipe for an EventEmitter reports a gap where values exceed its queue', async () => {
    const jobs = new EventEmitter();
    const source = fromEmitter(jobs, 'line', (line: number) => ({ data: String(line) }));
    const { url } = await serve({ source, share: { key: () => 'jobs', ids: 'assign', join: 'live' } });
    const browser = await visit(url);
    for (let n = 0; n < 5_000; n++) jobs.emit('line', n);
    await until(() => browser.body().includes('"reason":"no-ids"'));
    await until(() => jobs.listenerCount('line') === 1);
    jobs.emit('line', 'after');
    await until(() => browser.datas().includes('after'));
    expect(browser.datas().filter((data) => /^\d/.test(data)).length).to.be.within(1_000, 1_001);
  });

  it('the recipe for a table sends its rows, then new ones, and resumes after the browser’s last row', async () => {
    const database = new DatabaseSync(':memory:');
    undo(() => database.close());
    database.exec('CREATE TABLE logs (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT)');
    const insert = database.prepare('INSERT INTO logs (line) VALUES (?)');
    for (let n = 1; n <= 1_200; n++) insert.run(`line ${n}`);
    const { url } = await serve({ source: logTable(database) });
    const browser = await visit(url);
    await until(() => browser.ids().length === 1_200);
    insert.run('one\nof two lines');
    await until(() => browser.ids().length === 1_201);
    expect(browser.ids()).to.deep.equal(Array.from({ length: 1_201 }, (_, n) => String(n + 1)));
    const returned = await visit(url, '1199');
    await until(() => returned.ids().length === 2);
    expect(returned.body()).to.equal('id: 1200\ndata: line 1200\n\nid: 1201\ndata: one\ndata: of two lines\n\n');
    const foreign = await visit(url, 'no-number');
    await until(() => foreign.ids().length === 1_201);
    expect(foreign.body()).to.match(/^event: sse-proxy:gap\ndata: {"reason":"unknown-id"/);
  });
});
