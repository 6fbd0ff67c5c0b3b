// `npm run docs`: makes the API reference of the types, then the site, in site/dist. Any warning or dead link is an
// error.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pages, placeOf } from './navigation.mjs';

const site = dirname(fileURLToPath(import.meta.url));

/** Runs a command, and prints what it prints. Ends the program if it fails or warns. */
function run(command, ...args) {
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: site, shell, encoding: 'utf8' });
  const output = `${stdout}${stderr}`;
  process.stdout.write(output);
  if (status !== 0 || /\bwarn(ing)?\b/i.test(output)) {
    console.error(`docs: ${args.join(' ')} ${status === 0 ? 'warned' : 'failed'}; its output is above`);
    process.exit(1);
  }
}

const lock = createHash('sha256')
  .update(readFileSync(join(site, 'package-lock.json')))
  .digest('hex');
const stamp = join(site, 'node_modules/.docs-stamp');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.log('docs: installing what the site needs (once, about half a minute)');
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  writeFileSync(stamp, lock);
}

run(process.execPath, 'node_modules/typedoc/bin/typedoc');

// VitePress resolves Vue from the folder of a page, so the pages are copied into this one, with their images.
rmSync(join(site, 'pages'), { recursive: true, force: true });
for (const page of pages) {
  const source = join(site, '..', page);
  const copy = join(site, 'pages', placeOf(page));
  const text = readFileSync(source, 'utf8');
  const title = `# @datashop/${placeOf(page).replace(/^api\/|\.md$/g, '')}\n`;
  mkdirSync(dirname(copy), { recursive: true });
  writeFileSync(copy, page.startsWith('site/api/') ? text.replace(/^# .*\n/, title) : text);
  for (const [, image] of text.matchAll(/!\[[^\]]*\]\(([^):]+)\)/g)) {
    cpSync(join(dirname(source), image), join(dirname(copy), image));
  }
}

run(process.execPath, 'node_modules/vitepress/bin/vitepress.js', 'build', '.');
console.log('docs: open site/dist/index.html by any file server, for example: npx vite preview site --outDir dist');
