import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { root } from '../packages/support/run.ts';

const pages = globSync(
  ['*.md', '.github/*.md', 'docs/**/*.md', 'packages/*/*.md', 'examples/**/*.md', 'site/*.md', 'test/**/*.md'],
  { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] },
);

/** A page without its code, whose brackets are no links. */
const prose = (page: string) =>
  readFileSync(join(root, page), 'utf8')
    .replaceAll(/^ *(```+)[\s\S]*?^ *\1$/gm, '')
    .replaceAll(/`[^`\n]*`/g, 'code');

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): Set<string> {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^ *(```+)[\s\S]*?^ *\1$/gm, '');
  const seen = new Map<string, number>();
  const anchors = new Set([...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name]) => String(name)));
  for (const [, title = ''] of text.matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

describe('the Markdown files', () => {
  it('every relative link in a Markdown file leads to a file and a heading that exist', () => {
    const dead: string[] = [];
    for (const page of pages) {
      for (const [, link = ''] of prose(page).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)) {
        if (/^(https?|mailto):/.test(link)) continue;
        const [path = '', anchor] = decodeURIComponent(link).split('#');
        const target = path === '' ? page : join(dirname(page), path);
        const isDead =
          !existsSync(join(root, target)) || (anchor && target.endsWith('.md') && !anchorsOf(target).has(anchor));
        if (isDead) dead.push(`${page}: ${link}`);
      }
    }
    expect(pages.length).to.be.greaterThan(30);
    expect(dead).to.deep.equal([]);
  });
});
