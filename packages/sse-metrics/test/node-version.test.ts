import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { SseMetricsError } from '../src/errors.ts';
import { checkNodeVersion, oldestNode } from '../src/node-version.ts';

describe('the check of Node.js’ version by sse-metrics', () => {
  it('sse-metrics checks for the version that its engines field names, before any other module runs', () => {
    const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
    expect(JSON.parse(read('../package.json')).engines.node).to.equal(`>=${oldestNode}`);
    expect(read('../src/index.ts')).to.match(/^import '\.\/node-version\.ts';\n/);
  });

  for (const version of ['22.19.0', '23.0.0', '26.1.0']) {
    it(`sse-metrics loads on Node.js ${version}`, () => checkNodeVersion(version));
  }

  for (const version of ['18.20.8', '20.19.0', '22.18.9']) {
    it(`sse-metrics refuses to load on Node.js ${version}`, () => {
      expect(() => checkNodeVersion(version))
        .to.throw(SseMetricsError, `needs Node.js 22.19 or newer, this is ${version}`)
        .with.property('code', 'ERR_SSE_METRICS_NODE');
    });
  }
});
