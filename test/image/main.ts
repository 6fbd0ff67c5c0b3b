// `npm run image`: builds the images, runs them read-only as a user, measures them, and plays the Kubernetes manifests.
//   npm run image -- --write    writes the table into docs/deploy.md
// Needs root on Debian or Ubuntu, and installs what is missing. About five minutes at first; not part of `npm test`.
import { parseArgs } from 'node:util';
import { install, mayInstall } from '../../scripts/debian.mjs';
import { findExecutable } from '../../scripts/needs.mjs';
import { ensureBase } from './base.ts';
import { build } from './containers.ts';
import { measureImage, measureStreams } from './measure.ts';
import { playAll } from './play-all.ts';
import { type Figures, table, writeTable } from './table.ts';

/** Program → Debian's package. catatonit ends the pods of podman; tar and sh are everywhere. */
const programs = {
  buildah: 'buildah',
  podman: 'podman',
  runc: 'runc',
  catatonit: 'catatonit',
  debootstrap: 'debootstrap',
  'redis-server': 'redis-server',
};
const token = 'token-between-the-two';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });

function demandPrograms(): void {
  if (!mayInstall()) throw new Error('image: needs root on Debian or Ubuntu');
  const missing = Object.entries(programs).filter(([program]) => !findExecutable(program));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  console.log(`image: apt-get install ${packages.join(' ')}`);
  const problem = install(packages);
  if (problem) throw new Error(problem);
}

async function measure(): Promise<Figures> {
  const base = ensureBase();
  console.log('image: building the two images');
  const logImage = await build('log-service', base);
  const bffImage = await build('bff', base);
  console.log('image: starting and stopping each of them');
  const logService = await measureImage(logImage, base, { SQLITE_PATH: ':memory:', SSE_TOKEN: token });
  const bff = await measureImage(bffImage, base, { UPSTREAM: 'http://127.0.0.1:1', TOKEN: token });
  console.log('image: 1,000 browsers, and SIGTERM while their streams are open');
  const streams = await measureStreams(bffImage, logImage);
  console.log('image: podman play kube');
  const played = await playAll(bffImage, logImage);
  return { logService, bff, streams, played };
}

demandPrograms();
const figures = await measure();
console.log(`\n${table(figures)}`);
if (values.write) writeTable(figures);
const { streams } = figures;
const right = streams.complete === streams.browsers && streams.drained === streams.browsers && streams.exitCode === 0;
if (!right) console.error('image: a browser lost a log, or was not told why its stream ended');
process.exit(right ? 0 : 1);
