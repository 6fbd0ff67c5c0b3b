import { build, type InlineConfig } from 'vite';

/** One file or chunk that Vite made. */
export interface Chunk {
  readonly code: string;
  readonly isEntry: boolean;
  readonly imports: string[];
}

/** Builds in memory, by this configuration alone. The entry comes first. */
export async function bundled(config: InlineConfig): Promise<Chunk[]> {
  const { NODE_ENV } = process.env;
  try {
    const made = await build({ ...config, configFile: false, logLevel: 'error' });
    const [{ output }] = [made].flat() as unknown as [{ output: Chunk[] }];
    return output.toSorted((a, b) => Number(b.isEntry) - Number(a.isEntry));
  } finally {
    // Vite sets it for the whole process, and processes that other tests start would take it for theirs.
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

/** One script that a page can be served as it is. */
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
