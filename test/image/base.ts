import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, copyNetworkSettings, copyNode } from '../../scripts/fresh/root-folder.mjs';
import { exists, sh } from './containers.ts';

/** Packages that the image of Node has, or that our Node needs. */
const packages = ['ca-certificates', 'libatomic1'];

/**
 * Makes a stand-in for `node:26-slim` where no image can be pulled: this machine's release of Debian with the Node that
 * this process runs on, and npm. Returns its name. It is made once and kept.
 */
export function ensureBase(): string {
  const name = `localhost/datashop-base:${process.version}`;
  if (exists(name)) return name;
  console.log('image: making the base image with debootstrap (once, a minute or two)');
  const folder = mkdtempSync(join(tmpdir(), 'datashop-base-'));
  try {
    const root = join(folder, 'root');
    bootstrap(root, packages);
    copyNode(root, process.execPath);
    copyNetworkSettings(root);
    for (const cache of ['var/cache/apt/archives', 'var/lib/apt/lists', 'var/log']) {
      rmSync(join(root, cache), { recursive: true, force: true });
    }
    // apt ends with an error if it can't write its log.
    mkdirSync(join(root, 'var/log/apt'), { recursive: true });
    sh(`tar -C "$1" -c . | podman import - "$2"`, root, name);
    return name;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
