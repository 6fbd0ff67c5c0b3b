import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { readOptions } from '../src/options.ts';
import { readPersistOptions } from '../src/persist/options.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const types = readdirSync(new URL('../src/types/', import.meta.url))
  .map((name) => read(`../src/types/${name}`))
  .join('\n');
const readme = read('../README.md');

/** The first cells of the table under a heading. */
const rows = (heading: string) => {
  const section = readme.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `([\w:-]+)` \|(.*)$/gm)].map(([, name, rest]) => [name!, rest!] as const);
};
/** The value that the cell of a default begins with. */
const readCell = (cell: string): unknown => {
  const text = /^`([^`]*)`/.exec(cell)?.[1] ?? cell.replaceAll(' ', '');
  return text.startsWith("'") ? text.slice(1, -1) : JSON.parse(text);
};
const names = (heading: string) => rows(heading).map(([name]) => name);

describe('the client’s README', () => {
  it('the README documents every option, and no other', () => {
    const bodies = [...types.matchAll(/interface (?:EventStream|Live)Options\b[^{]*\{([\s\S]*?)\n\}/g)];
    const options = bodies.flatMap(([, body]) => [...body!.matchAll(/^ {2}(\w+)\?:/gm)].map((match) => match[1]));
    expect(options).to.not.be.empty;
    expect(names('Options').toSorted()).to.deep.equal(options.toSorted());
  });

  it('the README and the types give the defaults of the code', () => {
    const config = readOptions('/');
    for (const [name, rest] of rows('Options')) {
      const cell = rest.split('|')[0]!.trim();
      const value = config[name as keyof typeof config];
      if (/^(none|the global)\b/.test(cell)) expect(Object.keys(value ?? {}), name).to.deep.equal([]);
      else expect(readCell(cell), name).to.deep.equal(value);
      if (typeof value !== 'number') continue;
      const doc = types.match(new RegExp(`@defaultValue ([\\d_]+)[^\\n]*\\n(?:   \\*/\\n)? *${name}\\?`))![1]!;
      expect(doc.replaceAll('_', ''), name).to.equal(`${value}`);
    }
    const { maxBytes, debounceMs } = readPersistOptions({ scope: 'a' });
    const spaced = readme.replaceAll(/(\d) (?=\d)/g, '$1');
    expect(spaced).to.include(`maxBytes: ${maxBytes}, debounceMs: ${debounceMs}`);
  });

  it('the README documents every status and every error code', () => {
    const members = (type: string) =>
      [...types.match(new RegExp(`type ${type} =([^;]*);`))![1]!.matchAll(/'([\w-]+)'/g)].map((match) => match[1]!);
    expect(names('Status').toSorted()).to.deep.equal(members('StreamStatus').toSorted());
    const codes = [...members('StreamErrorCode'), ...members('EventErrorCode')];
    expect(names('Errors').toSorted()).to.deep.equal(codes.toSorted());
  });

  it('the README documents every method', () => {
    const body = types.match(/interface EventStream\b[^{]*\{([\s\S]*?)\n\}/)![1]!;
    const methods = [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1]!);
    expect(methods).to.not.be.empty;
    for (const method of methods) expect(readme, method).to.match(new RegExp(`\\b${method}\\(`));
  });

  it('the README documents every event of the proxy that the code handles', () => {
    const known = [...read('../src/connection/control-events.ts').matchAll(/'(sse-proxy:\w+)'/g)].map(
      (match) => match[1],
    );
    expect(names('Events of the proxy').toSorted()).to.deep.equal([...new Set(known)].toSorted());
  });
});
