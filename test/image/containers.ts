// Images and containers: buildah and podman, as root, with runc.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../packages/sse-proxy/test/support/until.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfile = 'examples/deploy/docker/Dockerfile';
// podman's own limits may be higher than what a sandbox allows.
const settings = join(mkdtempSync(join(tmpdir(), 'datashop-podman-')), 'containers.conf');
writeFileSync(
  settings,
  '[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]\n[engine]\nruntime = "runc"\n',
);
process.once('exit', () => rmSync(dirname(settings), { recursive: true, force: true }));
const env = { ...process.env, CONTAINERS_CONF: settings };

/** Runs podman and returns its output. @throws Error with what it printed if it fails */
export function podman(...args: string[]): string {
  return run('podman', args);
}

/** Runs a shell command with arguments `$1`, `$2` … @throws Error with what it printed if it fails */
export function sh(command: string, ...args: string[]): string {
  return run('sh', ['-c', command, 'sh', ...args]);
}

function run(command: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) return stdout.trim();
  throw new Error(`${command} ${args.slice(0, 4).join(' ')}: ${error?.message ?? stderr.trim().slice(-600)}`);
}

export function exists(image: string): boolean {
  return spawnSync('podman', ['image', 'exists', image]).status === 0;
}

/** Builds a target of the Dockerfile on `base`. Returns the image's name. */
export async function build(target: string, base: string): Promise<string> {
  const name = `localhost/datashop-${target}`;
  const revision = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const settings = ['--isolation', 'chroot', '--pull-never', '--format', 'docker', '--layers', '--target', target];
  const values = [`BASE=${base}`, `REVISION=${revision}`].flatMap((value) => ['--build-arg', value]);
  const child = spawn('buildah', ['bud', ...settings, ...values, '-t', name, '-f', dockerfile, '.'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(-4_000);
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`buildah ended with exit code ${code}:\n${output}`);
  return name;
}

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Bytes and more as podman understands them, such as `512m`. */
  readonly memory: string;
  readonly volume?: string;
}

/** Starts a container on the machine's own network, with a root file system that can't be written. Returns its id. */
export function start(image: string, { env: variables, memory, volume }: RunOptions): string {
  const safety = ['--read-only', '--read-only-tmpfs=false', '--cap-drop=all', '--security-opt=no-new-privileges'];
  const values = Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`);
  const mount = volume === undefined ? [] : [`--volume=${volume}:/data`];
  return podman(
    'run',
    '-d',
    '--network=host',
    '--no-healthcheck',
    `--memory=${memory}`,
    ...safety,
    ...mount,
    ...values,
    image,
  );
}

/** Id of the Node process in a container: the child of its first process. */
export function nodeIn(container: string): number {
  const first = podman('inspect', container, '--format', '{{.State.Pid}}');
  return Number(readFileSync(`/proc/${first}/task/${first}/children`, 'utf8').trim().split(' ')[0]);
}

/** Resident memory of a process in MB: now, or the most so far. */
export function memoryMb(pid: number, which: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024);
}

/** Sends SIGTERM. Returns how the container ended. */
export async function stop(container: string, graceSeconds: number): Promise<{ ms: number; exitCode: number }> {
  const startedAt = performance.now();
  const child = spawn('podman', ['stop', '-t', String(graceSeconds), container], { env, stdio: 'ignore' });
  await once(child, 'close');
  const ms = performance.now() - startedAt;
  return { ms, exitCode: Number(podman('inspect', container, '--format', '{{.State.ExitCode}}')) };
}

export function remove(container: string): void {
  spawnSync('podman', ['rm', '-f', '-t', '0', container], { env, stdio: 'ignore' });
}

/** Resolves when a GET is answered with a status from 200 to 299. @throws Error if it is not after two minutes */
export async function untilResponds(url: string): Promise<void> {
  const deadline = performance.now() + 120_000;
  const ok = () =>
    fetch(url).then(
      async (response) => {
        await response.body?.cancel();
        return response.ok;
      },
      () => false,
    );
  await until(async () => (await ok()) || performance.now() > deadline);
  if (!(await ok())) throw new Error(`${url} does not respond`);
}
