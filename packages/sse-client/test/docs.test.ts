import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { readOptions } from '../src/options.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const types = read('../src/types.ts');
const readme = read('../README.md');

/** The first cells of the table under a heading. */
const rows = (heading: string) => {
  const section = readme.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `([\w:-]+)` \|(.*)$/gm)].map(([, name, rest]) => [name!, rest!] as const);
};
const names = (heading: string) => rows(heading).map(([name]) => name);

describe('the documentation of the client', () => {
  it('has a row for every option, and no other', () => {
    const body = types.match(/interface EventStreamOptions \{([\s\S]*?)\n\}/)![1]!;
    const options = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map((match) => match[1]);
    expect(options).to.not.be.empty;
    expect(names('Options').toSorted()).to.deep.equal(options.toSorted());
  });

  it('gives the defaults that the code has, and so do the types', () => {
    const config = readOptions('/', { persist: { scope: 'a' } });
    for (const [name, rest] of rows('Options')) {
      const value = config[name as keyof typeof config];
      if (typeof value !== 'number') continue;
      expect(rest.split('|')[0]!.replaceAll(' ', ''), name).to.equal(`${value}`);
      const doc = types.match(new RegExp(`@defaultValue ([\\d_]+)[^\\n]*\\n(?:   \\*/\\n)? *${name}\\?`))![1]!;
      expect(doc.replaceAll('_', ''), name).to.equal(`${value}`);
    }
    const { maxBytes, debounceMs } = config.persist as { maxBytes: number; debounceMs: number };
    const spaced = readme.replaceAll(/(\d) (?=\d)/g, '$1');
    expect(spaced).to.include(`maxBytes: ${maxBytes}, debounceMs: ${debounceMs}`);
  });

  it('has a row for every status, and names every error code', () => {
    const members = (type: string) =>
      [...types.match(new RegExp(`type ${type} =([^;]*);`))![1]!.matchAll(/'(\w+)'/g)].map((match) => match[1]!);
    expect(names('Status').toSorted()).to.deep.equal(members('StreamStatus').toSorted());
    for (const code of members('StreamErrorCode')) expect(readme).to.include(`\`${code}\``);
  });

  it('has a row for every event of the proxy that the code knows', () => {
    const known = [...read('../src/connection/read-stream.ts').matchAll(/'(sse-proxy:\w+)'/g)].map((match) => match[1]);
    expect(names("What it does with the proxy's events").toSorted()).to.deep.equal([...new Set(known)].toSorted());
  });
});
