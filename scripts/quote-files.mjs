// `node scripts/quote-files.mjs`: copies files into docs/upstreams.md, where a comment `<!-- file: path -->` precedes a
// code block. test/upstreams/page.test.ts checks that the page shows the files as they are.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(root, 'docs', 'upstreams.md');
const quoted = /(<!-- file: (\S+) -->\n+```\w+\n)[\s\S]*?(\n```\n)/g;

/** The page as it is. */
export const currentPage = () => readFileSync(page, 'utf8');

/** The page as it has to be. @param {string} text */
export function updatedPage(text) {
  return text.replaceAll(quoted, (_block, begin, path, end) => {
    return begin + readFileSync(join(root, path), 'utf8').trimEnd() + end;
  });
}

/** Paths of the files that the page shows. @param {string} text */
export const quotedFiles = (text) => [...text.matchAll(quoted)].map(([, , path]) => path);

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, updatedPage(currentPage()));
