import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const entry = fileURLToPath(new URL('../page/index.ts', import.meta.url));

let bundled: Promise<string> | undefined;

/** The page's script, made once a run. */
export function bundle(): Promise<string> {
  bundled ??= make();
  return bundled;
}

async function make(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      minify: false,
      lib: { entry, formats: ['es'], fileName: 'page' },
      // One file, which is all that the page is served.
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  const [result] = Array.isArray(made) ? made : [made];
  if (!result || !('output' in result)) throw new Error('Vite gave no bundle');
  return result.output[0].code;
}
