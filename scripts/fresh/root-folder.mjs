// The root file system of a minimal Debian or Ubuntu, as a folder: packages, Node, npm, registry and certificates.
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, cpSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Makes this machine's release of Debian or Ubuntu in `folder`, with its package sources and settings of apt. */
export function bootstrap(folder, packages) {
  const sources = packageSources();
  run('debootstrap', '--variant=minbase', `--include=${packages.join(',')}`, release(), folder, sources[0].site);
  writeFileSync(
    join(folder, 'etc/apt/sources.list'),
    sources.map(({ site, suite, component }) => `deb ${site} ${suite} ${component}\n`).join(''),
  );
  const settings = run('apt-config', 'dump').split('\n');
  const network = settings.filter((line) => /^Acquire::(http|https|Check|Retries)/.test(line));
  writeFileSync(join(folder, 'etc/apt/apt.conf.d/90network'), `${network.join('\n')}\n`);
  copyFileSync('/etc/resolv.conf', join(folder, 'etc/resolv.conf'));
  copyFileSync('/etc/hosts', join(folder, 'etc/hosts'));
}

/** Name of the release, such as `bookworm`. */
function release() {
  return /^VERSION_CODENAME=(.+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
}

/** Where this machine's own release comes from; sources of other vendors are left out. */
function packageSources() {
  const targets = run('apt-get', 'indextargets', '--format', '$(SITE) $(RELEASE) $(COMPONENT)', 'Created-By: Packages');
  const sources = [...new Set(targets.trim().split('\n'))].map((line) => {
    const [site, suite, component] = line.split(' ');
    return { site, suite, component };
  });
  const own = sources.filter(({ suite }) => suite === release() || suite.startsWith(`${release()}-`));
  return own.toSorted((a, b) => a.suite.length - b.suite.length);
}

/** Copies the Node and npm that a person finds here, not those that this project has installed; or another `node`. */
export function copyNode(folder, node) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((it) => !it.includes('node_modules'));
  const env = { ...process.env, PATH: folders.join(delimiter) };
  const which = (name) => realpathSync(spawnSync('which', [name], { env, encoding: 'utf8' }).stdout.trim());
  const npm = dirname(dirname(which('npm')));
  copyFileSync(node ?? which('node'), join(folder, 'usr/local/bin/node'));
  mkdirSync(join(folder, 'usr/local/lib/node_modules'), { recursive: true });
  cpSync(npm, join(folder, 'usr/local/lib/node_modules/npm'), { recursive: true });
  for (const name of ['npm', 'npx']) {
    run('ln', '-s', `../lib/node_modules/npm/bin/${name}-cli.js`, join(folder, 'usr/local/bin', name));
  }
}

/**
 * This machine's registry and certificates, taken over at run time. Returns the environment that Node needs for them.
 */
export function copyNetworkSettings(folder) {
  const env = {};
  const registry = run('npm', 'config', 'get', 'registry').trim();
  const certificates = process.env.NODE_EXTRA_CA_CERTS;
  mkdirSync(join(folder, 'usr/local/etc'), { recursive: true });
  writeFileSync(join(folder, 'usr/local/etc/npmrc'), `registry=${registry}\n`);
  if (certificates) {
    env.NODE_EXTRA_CA_CERTS = '/etc/ssl/certs/extra.crt';
    copyFileSync(certificates, join(folder, env.NODE_EXTRA_CA_CERTS));
    appendFileSync(join(folder, 'usr/local/etc/npmrc'), `cafile=${env.NODE_EXTRA_CA_CERTS}\n`);
  }
  return env;
}

/** Runs a command and returns its output. @throws Error with the end of the output if it fails */
export function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) return stdout;
  const output = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${command} ${args[0]} failed: ${output}`);
}
