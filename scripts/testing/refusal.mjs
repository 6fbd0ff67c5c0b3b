// What a package prints when it is loaded by a runtime that it does not support.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

const message = String.raw`\w+Error \[ERR_\w+\]: @datashop/[\w-]+ needs Node\.js [\d.]+ or newer, this is [\w .]+`;
/**
 * Node puts the place of the error in front, a bracket around an error without stack frames, and its version behind.
 */
const onNode = new RegExp(String.raw`^.+:\d+\n.+\n *\^+\n\n\[?${message}\]?\n\nNode\.js v[\d.]+\n$`);
/** Bun adds an excerpt of the code. */
const onBun = /@datashop\/[\w-]+ needs Node\.js/;

/** What can be imported of each package whose `engines` name a Node: `@datashop/log-stream/mongo`, for example. */
export function checkedEntries() {
  return readdirSync(join(root, 'packages')).flatMap((folder) => {
    const { name, engines, exports } = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    if (!engines?.node) return [];
    const paths = Object.keys(exports).filter((path) => path !== './package.json');
    return paths.map((path) => name + path.slice(1));
  });
}

/**
 * Loads a built package by `import` and by `require`. Returns what was printed if that is anything but the one line
 * that says which Node the package needs, and what Node adds to every uncaught error.
 * @param {string} executable a Node or Bun
 * @param {string} entry such as `@datashop/sse-proxy`
 * @param {string} [before] code that runs first
 * @returns {string | undefined}
 */
export function wrongRefusal(executable, entry, before = '') {
  for (const load of [`import('${entry}')`, `require('${entry}')`]) {
    const { status, stdout, stderr } = spawnSync(executable, ['-e', `${before}${load}`], {
      cwd: root,
      encoding: 'utf8',
    });
    const expected = executable.endsWith('bun') ? onBun : onNode;
    if (status === 0 || !expected.test(stderr)) return `${load} ended with ${status}:\n${stdout}${stderr}`;
  }
  return undefined;
}
