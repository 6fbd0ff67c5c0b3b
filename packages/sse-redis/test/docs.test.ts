import { readFileSync } from 'node:fs';
import { expect } from 'chai';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const readme = read('../README.md');
const types = read('../src/types.ts');

/** Names in the first column of the tables under a heading. */
function rows(heading: string): string[] {
  const section = readme.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!);
}

/** Members of an interface. */
function members(name: string): string[] {
  const [, body = ''] = new RegExp(`interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(types) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member]) => member!);
}

describe('the README of sse-redis', () => {
  for (const [heading, type] of [
    ['Connection', 'RedisConnectionOptions'],
    ['Limits', 'RedisLimiterOptions'],
    ['Feeds', 'RedisFeedsOptions'],
  ] as const) {
    it(`the README has a row for every option under "${heading}", and no other`, () => {
      expect(rows(heading)).to.deep.equal(members(type));
    });
  }

  it('the README has a heading for every error code of sse-redis, and no other', () => {
    const codes = [...read('../src/errors.ts').matchAll(/^ {2}\| '(ERR_SSE_REDIS_\w+)'/gm)].map(([, code]) => code);
    const headings = [...readme.matchAll(/^### (ERR_SSE_REDIS_\w+)$/gm)].map(([, code]) => code);
    expect(codes).to.not.be.empty;
    expect(headings).to.deep.equal(codes);
  });
});
