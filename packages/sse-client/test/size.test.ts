import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { bundled } from './support/vite.ts';

const entry = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const maxGzipBytes = 9_216;

describe('the size of the client’s build', () => {
  it(`the build of the client is at most ${maxGzipBytes} bytes, minified and gzipped, without the parser and the chunk for shared tabs`, async () => {
    const [core, ...others] = await bundled({
      build: {
        write: false,
        lib: { entry, formats: ['es'] },
        rolldownOptions: { external: ['eventsource-parser'], output: { minify: true } },
      },
    });
    // Everything that is loaded initially.
    expect(core!.imports).to.deep.equal(['eventsource-parser']);
    expect(core!.code).to.include('sse-proxy:').and.not.include('react');
    expect(others, 'the tabs, which are loaded on demand').to.have.length(1);
    const bytes = gzipSync(core!.code, { level: 9 }).length;
    expect(bytes, `${bytes} bytes`).to.be.at.most(maxGzipBytes);
  });
});
