import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { bundled, type Chunk } from './support/vite.ts';

const maxCoreBytes = 8_704;
/** The README's figures are rounded up to this. */
const step = 50;

/** The chunks of a module's build, minified, with the chunk that is loaded initially first. */
const build = (module: string, external: string[]) =>
  bundled({
    build: {
      write: false,
      lib: { entry: fileURLToPath(import.meta.resolve(module)), formats: ['es'] },
      rolldownOptions: { external, output: { minify: true } },
    },
  });
const gzipped = ({ code }: Chunk) => gzipSync(code, { level: 9 }).length;

describe('the size of the client’s build', () => {
  it(`the core of the client is at most ${maxCoreBytes} bytes, minified and gzipped, and the README says what each part costs`, async () => {
    const parser = 'eventsource-parser';
    const [core, ...onDemand] = await build('@datashop/sse-client', [parser]);
    // Everything that is loaded initially.
    expect(core!.imports).to.deep.equal([parser]);
    expect(core!.code).to.include('sse-proxy:').and.not.include('react');
    expect(gzipped(core!)).to.be.at.most(maxCoreBytes);

    const [tabs, limit] = onDemand.map(gzipped).sort((a, b) => b - a);
    const [hook] = await build('@datashop/sse-client/react', [parser, 'react']);
    const costs = {
      'core: `createEventStream`': gzipped(core!),
      '`eventsource-parser`': gzipped((await build(parser, []))[0]!),
      '`@datashop/sse-client/persist`': gzipped((await build('@datashop/sse-client/persist', []))[0]!),
      '`@datashop/sse-client/react`, without React': gzipped(hook!) - gzipped(core!),
      'one connection for all tabs': tabs,
      'what measures large events': limit,
    };
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    for (const [part, bytes] of Object.entries(costs)) {
      const [, stated] = readme.split(`\n| ${part} | `)[1]!.match(/^([\d ]+) \|/)!;
      expect(stated!.replaceAll(' ', ''), part).to.equal(`${Math.ceil(bytes! / step) * step}`);
    }
  });
});
