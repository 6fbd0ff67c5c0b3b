import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.ts';

/** The published packages, by folder of `packages/`. */
export const packageNames = ['sse-proxy', 'sse-client', 'sse-metrics', 'sse-redis', 'log-stream'] as const;
export type PackageName = (typeof packageNames)[number];

/** Dependencies of a `package.json`: name → tarball. */
export type Tarballs = Readonly<Record<string, string>>;

/**
 * Packs packages as `npm publish` would. They have to be built.
 * @param dir where a folder for the tarballs is made
 */
export async function pack(dir: string, names: readonly PackageName[] = packageNames): Promise<Tarballs> {
  const folder = mkdtempSync(join(dir, 'packed-'));
  const workspaces = names.map((name) => `--workspace=packages/${name}`);
  await run(root, 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder, ...workspaces);
  const files = readdirSync(folder);
  const tarballOf = (name: string) => files.find((file) => file.startsWith(`datashop-${name}-`)) as string;
  return Object.fromEntries(names.map((name) => [`@datashop/${name}`, `file:${join(folder, tarballOf(name))}`]));
}
