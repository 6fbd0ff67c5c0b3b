import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { podman, root, untilResponds } from './containers.ts';

const folder = join(root, 'examples/deploy/kubernetes');

type Values = Record<string, string>;
interface Manifest {
  kind: string;
  metadata: { name: string };
  spec?: { replicas?: number; template?: { spec?: { containers?: { image: string }[] } } };
  data?: Values;
  stringData?: Values;
}

function read(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS());
}

/**
 * Plays a deployment with `podman play kube`, with one replica, since podman publishes its ports on this machine.
 * Resolves with what podman shows about its container when `path` responds 200 on `port`.
 *
 * @param image what the manifest's name of the image stands for
 * @param values what replaces values of the ConfigMap and the Secret of that name
 */
export async function play(file: string, image: string, values: Values, port: number, path: string): Promise<string> {
  const temporary = mkdtempSync(join(tmpdir(), 'datashop-play-'));
  const manifests = read(file);
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  if (!deployment?.spec) throw new Error(`${file} has no Deployment`);
  const { name } = deployment.metadata;
  podman('tag', image, deployment.spec.template?.spec?.containers?.[0]?.image ?? '');
  deployment.spec.replicas = 1;
  const settings = read('config.yaml').filter(({ metadata }) => metadata.name === name);
  const config = settings.find(({ kind }) => kind === 'ConfigMap') as Manifest;
  const secret = settings.find(({ kind }) => kind === 'Secret') as Manifest;
  const replaced = (from: Values = {}) =>
    Object.fromEntries(Object.entries(from).map(([key, value]) => [key, values[key] ?? value]));
  const encoded = Object.entries(replaced(secret.stringData)).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ]);
  const write = (as: string, text: string) => {
    writeFileSync(join(temporary, as), text);
    return join(temporary, as);
  };
  const deployed = write('deployment.yaml', manifests.map((manifest) => stringify(manifest)).join('---\n'));
  const configMap = write('config.yaml', stringify({ ...config, data: replaced(config.data) }));
  const secretFile = write('secret.json', JSON.stringify(Object.fromEntries(encoded)));
  try {
    podman('secret', 'create', name, secretFile);
    podman('play', 'kube', '--configmap', configMap, deployed);
    await untilResponds(`http://127.0.0.1:${port}${path}`);
    const container = podman('ps', '--filter', `name=^${name}-pod-0-`, '--format', '{{.Names}}');
    return podman(
      'inspect',
      container,
      '--format',
      '{{.HostConfig.ReadonlyRootfs}} {{.Config.User}} {{.HostConfig.Memory}}',
    );
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Removes what `play` has made. */
export function unplay(name: string): void {
  for (const command of [
    ['pod', 'rm', '-f', '-t', '0', `${name}-pod-0`],
    ['secret', 'rm', name],
  ]) {
    try {
      podman(...command);
    } catch {
      // It was not made.
    }
  }
}
