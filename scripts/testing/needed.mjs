// Which needs (../needs.mjs) test files have, found in their text.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { needs } from '../needs.mjs';

/** A relative path that a module imports, statically or not. */
const importPath = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;
/** The table of needs, and the tests of what reads it: these name needs without having them. */
const namesOnly = /^(scripts\/needs\.mjs|test\/support\/needs\.ts|test\/setup\/.*)$/;

/**
 * Test files and the modules of this repository that they import, directly or not: path from `root` → text.
 * @param {string} root
 * @param {Iterable<string>} files paths from `root`
 * @returns {Map<string, string>}
 */
export function modulesOf(root, files) {
  const texts = new Map();
  const queue = [...files];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (texts.has(file) || namesOnly.test(file)) continue;
    const text = readFileSync(join(root, file), 'utf8');
    texts.set(file, text);
    for (const [, path] of text.matchAll(importPath)) {
      const imported = relative(root, join(root, dirname(file), path)).replaceAll(sep, '/');
      // A program that a test writes may import what does not exist here.
      if (existsSync(join(root, imported))) queue.push(imported);
    }
  }
  return texts;
}

/**
 * Names of the needs of test files: each one that a test file, or a module that it imports from this repository, has as
 * a string. This finds `needs('nginx')` and a table's `needs: 'redis'` alike. A string that means something else makes
 * the list longer than it has to be, never shorter.
 * @param {string} root
 * @param {Iterable<string>} files paths from `root`
 * @returns {import('../needs.mjs').NeedName[]} in the order of the table of needs
 */
export function neededBy(root, files) {
  const code = [...modulesOf(root, files).values()].join('\n');
  const names = Object.keys(needs);
  // The npm package `redis` is not the server.
  return names.filter((name) => new RegExp(`(?<!\\b(?:from|import) ?\\(?)(['"\`])${name}\\1`).test(code));
}
