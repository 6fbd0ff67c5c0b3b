import { appendFile, mkdtemp, open, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { tailFile } from '../src/tail.ts';
import { type Listener, stage, until } from './support/stage.ts';

describe('the recipe for a file that grows', () => {
  const { clean, serve, visit, undo } = stage();
  let path: string;
  let url: string;
  let stats: () => { upstreamConnections: number };

  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tail-'));
    undo(() => rm(folder, { recursive: true }));
    path = join(folder, 'app.log');
    const served = await serve({ source: tailFile(path) });
    url = served.url;
    stats = () => served.proxy.stats();
  });
  afterEach(clean);

  const lines = (browser: Listener) => browser.datas().join(' ');
  const got = (browser: Listener, expected: string) => until(() => lines(browser) === expected);

  it('the recipe for a growing file sends the lines of the file, then those that are appended, each when it is whole', async () => {
    await writeFile(path, 'one\r\ngrö');
    const browser = await visit(url);
    await got(browser, 'one');
    await appendFile(path, 'ße\n\nfour');
    await until(() => browser.body().includes('data: größe\n\nid: '));
    expect(browser.datas()).to.deep.equal(['one', 'größe', '']);
    await appendFile(path, '\n');
    await until(() => browser.datas().length === 4);
  });

  it('the recipe for a growing file waits for a file that does not exist yet', async () => {
    const browser = await visit(url);
    await writeFile(path, 'one\n');
    await got(browser, 'one');
  });

  it('the recipe for a growing file goes on in the new file after a rotation, and loses nothing that was still written to the old one', async () => {
    const writer = await open(path, 'a');
    undo(() => writer.close());
    await writer.write('one\n');
    const browser = await visit(url);
    await got(browser, 'one');
    await rename(path, `${path}.1`);
    await writer.write('two\n');
    await writeFile(path, 'three\n');
    await writer.write('half');
    await got(browser, 'one two half three');
    await appendFile(path, 'four\n');
    await got(browser, 'one two half three four');
    expect(browser.body()).to.not.include('gap');
  });

  it('the recipe for a growing file resumes in the rotated file where the browser was, then goes on in the new one', async () => {
    await writeFile(path, 'one\ntwo\n');
    const first = await visit(url);
    await got(first, 'one two');
    const [id = ''] = first.ids();
    first.leave();
    await until(() => stats().upstreamConnections === 0);
    await rename(path, `${path}.1`);
    await writeFile(path, 'three\n');
    const returned = await visit(url, id);
    await got(returned, 'two three');
    expect(returned.body()).to.not.include('gap');
  });

  it('the recipe for a growing file reports a gap if the browser’s file is gone, or its id is none of ours, and starts at the beginning', async () => {
    await writeFile(path, 'one\n');
    for (const id of ['1.2-3', 'no id', '999999999999999999999.1-1']) {
      const browser = await visit(url, id);
      await until(() => browser.datas().length === 2);
      expect(browser.datas()[0]).to.include('"reason":"unknown-id"');
      expect(browser.datas()[1]).to.equal('one');
    }
  });

  it('the recipe for a growing file reports a gap when the file is truncated, and reads it from the beginning', async () => {
    await writeFile(path, 'one\ntwo\n');
    const browser = await visit(url);
    await got(browser, 'one two');
    await truncate(path);
    await until(() => browser.body().includes('"reason":"ids-restarted"'));
    await appendFile(path, 'three\n');
    await until(() => browser.datas().includes('three'));
  });

  it('the recipe for a growing file splits a line over its bound, and passes on a line of 200 kB whole', async () => {
    await writeFile(path, `${'x'.repeat(200_000)}\n${'y'.repeat(1_048_577)}`);
    const { url: large } = await serve({ source: tailFile(path), maxEventBytes: 4_000_000 });
    const browser = await visit(large);
    await until(() => browser.datas().length === 2);
    expect(browser.datas().map((data) => data.length)).to.deep.equal([200_000, 1_048_576]);
  });

  it('the recipe for a growing file closes its files when the browser leaves', async () => {
    const openFiles = async () => (process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : 0);
    await writeFile(path, 'one\n');
    const first = await visit(url);
    await got(first, 'one');
    first.leave();
    await until(() => stats().upstreamConnections === 0);
    const before = await openFiles();
    for (let n = 0; n < 20; n++) {
      const browser = await visit(url);
      await got(browser, 'one');
      browser.leave();
      await until(() => stats().upstreamConnections === 0);
    }
    let after = await openFiles();
    while (after > before + 5) after = await openFiles();
    expect(after).to.be.at.most(before + 5);
  });
});
