// `node scripts/quote-files.mjs`: copies files into pages of docs/, where a comment `<!-- file: path -->` precedes a
// code block. Tests of the examples check that the pages show the files as they are.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const pages = ['docs/recipes.md', 'docs/several-instances.md', 'docs/tracing-and-logs.md', 'docs/upstreams.md'];
const quoted = /(<!-- file: (\S+) -->\n+```\w+\n)[\s\S]*?(\n```\n)/g;

/** A page as it is. @param {string} page path of the page */
export const currentPage = (page) => readFileSync(join(root, page), 'utf8');

/** A page as it has to be. @param {string} text */
export function updatedPage(text) {
  return text.replaceAll(quoted, (_block, begin, path, end) => {
    return begin + readFileSync(join(root, path), 'utf8').trimEnd() + end;
  });
}

/** Paths of the files that the page shows. @param {string} text */
export const quotedFiles = (text) => [...text.matchAll(quoted)].map(([, , path]) => path);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const page of pages) writeFileSync(join(root, page), updatedPage(currentPage(page)));
}
