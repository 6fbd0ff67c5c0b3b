// Runs in `lerna version`, between the new versions and the new package-lock.json: lets packages and examples ask for
// the version of the packages here that is being released. Lerna leaves peer dependencies and unpublished workspaces
// alone.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));
const manifests = globSync('packages/*/package.json', { cwd: root });
const versions = new Map(manifests.map((file) => [read(file).name, read(file).version]));

for (const file of [...manifests, ...globSync('examples/*/package.json', { cwd: root })]) {
  const manifest = read(file);
  for (const field of ['dependencies', 'peerDependencies', 'devDependencies']) {
    for (const name of Object.keys(manifest[field] ?? {})) {
      if (versions.has(name)) manifest[field][name] = `^${versions.get(name)}`;
    }
  }
  writeFileSync(join(root, file), `${JSON.stringify(manifest, null, 2)}\n`);
}
