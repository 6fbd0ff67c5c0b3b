import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { checkRuntime, oldestNode } from '../src/runtime.ts';

describe('the check of the runtime', () => {
  for (const node of ['22.19.0', '22.20.1', '24.0.0', '26.10.0', '100.0.0']) {
    it(`accepts Node.js ${node}`, () => checkRuntime({ node }));
  }

  for (const [name, versions] of [
    ['20.20.2', { node: '20.20.2' }],
    ['22.18.0', { node: '22.18.0' }],
    ['Bun 1.4.5', { node: '24.3.0', bun: '1.4.5' }],
  ] as const) {
    it(`refuses ${name} in one line that names it`, () => {
      expect(() => checkRuntime(versions))
        .to.throw(`@datashop/sse-proxy needs Node.js 22.19 or newer, this is ${name}`)
        .with.property('stack')
        .that.matches(/^SseProxyError \[ERR_SSE_RUNTIME\]: .*$/);
    });
  }

  it('the check of the runtime names the version that package.json demands, and runs before any other module', () => {
    const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
    expect(JSON.parse(read('../package.json')).engines.node).to.equal(`>=${oldestNode}`);
    expect(read('../src/index.ts')).to.match(/^import '\.\/runtime\.ts';\n/);
  });
});
