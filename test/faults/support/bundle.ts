// Scripts of processes, each bundled into one file. Every row starts a proxy of its own, and to load its 200 modules
// one by one takes more CPU time than most rows do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const bundles = new Map<string, Promise<string>>();

/** Bundles a script with everything that it imports, once for all rows. Resolves with the bundle's URL. */
export function bundle(script: URL): Promise<string> {
  const url = bundles.get(script.href) ?? buildBundle(script);
  bundles.set(script.href, url);
  return url;
}

async function buildBundle(script: URL): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'datashop-bundle-'));
  process.on('exit', () => rmSync(outDir, { recursive: true, force: true }));
  const output = { entryFileNames: 'script.mjs' };
  const { NODE_ENV } = process.env;
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: { ssr: fileURLToPath(script), outDir, target: 'esnext', rolldownOptions: { output } },
  });
  // vite sets it for a build, and processes that are started later would inherit it.
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  return pathToFileURL(join(outDir, output.entryFileNames)).href;
}
