import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { build } from 'vite';

const input = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const maxGzipBytes = 8_192;

describe('the size of the client', () => {
  it(`is at most ${maxGzipBytes} bytes to a page, minified and gzipped, without the parser`, async () => {
    const made = await build({
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        modulePreload: { polyfill: false },
        rolldownOptions: { input, preserveEntrySignatures: 'strict', external: ['eventsource-parser'] },
      },
    });
    const { output } = made as { output: { code: string }[] };
    expect(output).to.have.length(1);
    const { code } = output[0]!;
    expect(code).to.include('eventsource-parser').and.include('sse-proxy:').and.not.include('react');
    const bytes = gzipSync(code, { level: 9 }).length;
    expect(bytes, `${bytes} bytes`).to.be.at.most(maxGzipBytes);
  });
});
