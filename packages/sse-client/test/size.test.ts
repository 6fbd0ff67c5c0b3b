import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { bundled } from './support/vite.ts';

const maxCoreBytes = 8_704;

/** The chunks of an entry file's build, minified, with the chunk that is loaded initially first. */
const build = (file: string) =>
  bundled({
    build: {
      write: false,
      lib: { entry: fileURLToPath(new URL(`../dist/${file}`, import.meta.url)), formats: ['es'] },
      rolldownOptions: { external: ['eventsource-parser'], output: { minify: true } },
    },
  });
const gzipped = (code: string) => gzipSync(code, { level: 9 }).length;

describe('the size of the client’s build', () => {
  it(`the core of the client is at most ${maxCoreBytes} bytes, minified and gzipped, without the parser and what is loaded on demand`, async () => {
    const [core, ...others] = await build('index.js');
    // Everything that is loaded initially.
    expect(core!.imports).to.deep.equal(['eventsource-parser']);
    expect(core!.code).to.include('sse-proxy:').and.not.include('react');
    expect(others, 'tabs and the size limit, which are loaded on demand').to.have.length(2);
    const bytes = gzipped(core!.code);
    expect(bytes, `${bytes} bytes`).to.be.at.most(maxCoreBytes);
  });
});
