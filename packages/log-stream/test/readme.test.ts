import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { createLogDocument } from '../src/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const fenced = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => String(match[1]));

describe('the README', () => {
  it('the README’s quick start runs and its curl lines get the shown logs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
    const source = new URL('../src/index.ts', import.meta.url).href;
    const quickStart = fenced('ts')[0] ?? '';
    const [page = ''] = [...(fenced('sh')[1] ?? '').matchAll(/'localhost:4000([^']+)'/g)].map(([, path]) => path);
    // Changed: the imports, the file and the port.
    const program = quickStart
      .replace("'@datashop/log-stream'", JSON.stringify(source))
      .replace("from 'express'", `from ${JSON.stringify(import.meta.resolve('express'))}`)
      .replace("'logs.db'", JSON.stringify(join(folder, 'logs.db')))
      .replace('listen(4000)', "listen(0, '127.0.0.1')");
    const asking = `
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
      const answer = await fetch('http://127.0.0.1:' + server.address().port + ${JSON.stringify(page)});
      console.log(await answer.text());
      process.kill(process.pid, 'SIGTERM');`;
    writeFileSync(join(folder, 'quick-start.mts'), program + asking);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'quick-start.mts')]);
    rmSync(folder, { recursive: true });
    const { logs, nextCursor, total } = JSON.parse(stdout);
    expect({ messages: logs.map(({ message }: { message: string }) => message), nextCursor, total }).to.deep.equal({
      messages: ['Loaded 1,204 rows'],
      nextCursor: null,
      total: 1,
    });
  });

  it('the README shows a log in its real shape', () => {
    const shown = JSON.parse(fenced('json').at(-1) ?? '');
    const { message, stageName, meta } = shown;
    expect(shown).to.deep.equal(createLogDocument({ message, stageName, durationMs: 135_000, ...meta }));
  });

  it('the README names every option, query parameter and error code', () => {
    const sources = ['types.ts', 'errors.ts', 'http/query.ts'].map((name) =>
      readFileSync(fileURLToPath(new URL(`../src/${name}`, import.meta.url)), 'utf8'),
    );
    const [types = '', problems = '', query = ''] = sources;
    const options = types.slice(types.indexOf('interface LogStreamLimits')).matchAll(/^ {2}(\w+)\??: /gm);
    const codes = problems.matchAll(/^ {2}(\w+): \[/gm);
    const parameters = query.matchAll(/(?:query|this)\.(?:one|integer|instant|word)\('(\w+)'/g);
    const names = [...options, ...codes, ...parameters].map(([, name]) => String(name));
    expect(names).to.include.members(['maxStallMs', 'total', 'ERR_LOG_STREAM_LIMIT', 'history']);
    for (const name of names) expect(readme, name).to.match(new RegExp(`[\`{ ]${name}\\b`));
  });

  it('the README has a row for every option of MongoLogStore, and no other', () => {
    const source = readFileSync(fileURLToPath(new URL('../src/stores/mongo/options.ts', import.meta.url)), 'utf8');
    const [, body = ''] = /interface MongoLogStoreOptions \{([\s\S]*?)\n\}/.exec(source) ?? [];
    const options = [...body.matchAll(/^ {2}(\w+)\??: /gm)].map(([, name]) => name);
    const [, section = ''] = readme.split('### MongoLogStore\n');
    const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(rows.toSorted()).to.deep.equal(options.toSorted());
  });
});
