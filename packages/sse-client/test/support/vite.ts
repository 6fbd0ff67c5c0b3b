import { build, type InlineConfig } from 'vite';

/** One chunk of Vite's output. */
export interface Chunk {
  readonly code: string;
  readonly isEntry: boolean;
  readonly imports: string[];
}

/** Builds in memory, with this configuration alone. The entry chunk is the first. */
export async function bundled(config: InlineConfig): Promise<Chunk[]> {
  const { NODE_ENV } = process.env;
  try {
    const made = await build({ ...config, configFile: false, logLevel: 'error' });
    const [{ output }] = [made].flat() as unknown as [{ output: Chunk[] }];
    return output.toSorted((a, b) => Number(b.isEntry) - Number(a.isEntry));
  } finally {
    // Vite sets it for the whole process, and child processes of other tests would inherit it.
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

/** Builds one script that a page can load as it is. */
export async function script(entry: string, NODE_ENV: 'production' | 'development'): Promise<string> {
  const [chunk] = await bundled({
    mode: NODE_ENV,
    define: { 'process.env.NODE_ENV': JSON.stringify(NODE_ENV) },
    build: {
      write: false,
      minify: false,
      lib: { entry, formats: ['es'] },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  return chunk!.code;
}
