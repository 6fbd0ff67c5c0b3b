import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { build } from 'vite';

const entry = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const maxGzipBytes = 6_144;

interface Chunk {
  code: string;
  isEntry: boolean;
  imports: string[];
}

describe('the size of the client', () => {
  it(`is at most ${maxGzipBytes} bytes, minified and gzipped, without the parser and what shared tabs load`, async () => {
    const made = await build({
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        lib: { entry, formats: ['es'] },
        rolldownOptions: { external: ['eventsource-parser'], output: { minify: true } },
      },
    });
    const [{ output }] = made as unknown as [{ output: Chunk[] }];
    const [core, ...others] = output.toSorted((a, b) => Number(b.isEntry) - Number(a.isEntry));
    // All that is loaded without being asked for.
    expect(core!.imports).to.deep.equal(['eventsource-parser']);
    expect(core!.code).to.include('sse-proxy:').and.not.include('react');
    expect(others, 'the tabs, which are loaded on demand').to.have.length(1);
    const bytes = gzipSync(core!.code, { level: 9 }).length;
    expect(bytes, `${bytes} bytes`).to.be.at.most(maxGzipBytes);
  });
});
