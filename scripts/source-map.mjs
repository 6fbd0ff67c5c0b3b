// `npm run map`: brings the file names in CONTRIBUTING's map of the source up to date. The description of each folder
// is written by hand, in CONTRIBUTING itself, and stays. test/setup/source-map.test.ts checks that the map is up to
// date.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const contributing = join(root, 'CONTRIBUTING.md');
const block = /(<!-- map: .*? -->\n)[\s\S]*?(<!-- end of map -->)/;
/** Source files of the packages that git knows or would add, in the order of their paths. */
function sourceFiles() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', 'packages/*/src/**'];
  const files = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  return [...new Set(files)].filter((file) => /\.tsx?$/.test(file)).sort();
}

/** Folder → names of its files, without the extension `.ts`. */
function filesByFolder() {
  const folders = new Map();
  for (const file of sourceFiles()) {
    const folder = `${dirname(file)}/`;
    folders.set(folder, [...(folders.get(folder) ?? []), file.slice(folder.length).replace(/\.ts$/, '')]);
  }
  return folders;
}

/** Breaks words into lines of at most 120 characters. */
function wrap(words) {
  const lines = [''];
  for (const word of words) {
    if (`${lines.at(-1)} ${word}`.length > 118) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines.join('\n  ');
}

/** Folder → its description in the map. An entry is "- `folder` description", then "*Files:*" and the files. */
function readDescriptions(text) {
  const entries = (block.exec(text)?.[0] ?? '').split(/^- /m).slice(1);
  return new Map(
    entries.map((entry) => {
      const [, folder, description] = /^`([^`]+)`\s+(.*?)\s*(?:\*Files:\*.*|<!--.*)?$/s.exec(entry) ?? [];
      return [folder, description?.replaceAll(/\s+/g, ' ')];
    }),
  );
}

/** CONTRIBUTING as it has to be. Throws if a folder has no description. */
export function updatedText(text) {
  const descriptions = readDescriptions(text);
  const entries = [...filesByFolder()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, names]) => {
      const description = descriptions.get(folder);
      if (!description)
        throw new Error(`CONTRIBUTING.md: describe ${folder} in the map, as "- \`${folder}\` what it holds"`);
      const list = names.map((name, index) => `\`${name}\`${index < names.length - 1 ? ',' : ''}`);
      return `- ${wrap([`\`${folder}\``, ...description.split(' ')])}\n  ${wrap(['*Files:*', ...list])}\n`;
    });
  return text.replace(block, `$1${entries.join('').replaceAll('$', '$$$$')}$2`);
}

/** CONTRIBUTING as it is. */
export function currentText() {
  return readFileSync(contributing, 'utf8');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(contributing, updatedText(currentText()));
