import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { logServiceMetrics, redisMetrics, sseMetrics } from '../src/index.ts';
import { redisErrorCodes } from '../src/labels/redis-values.ts';
import { proxyValues } from '../src/labels/values.ts';
import { logValues } from '../src/log-service/log-values.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const readme = read('../README.md');
const types = read('../src/types.ts');

/** A store without logs. */
const store = { health: async () => ({ problem: undefined, figures: {} }) };

/** The first cells of the table under a heading. */
function rows(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `(.*) \|$/gm)].map(([, row]) => row!.split(' | '));
}

describe('the README of sse-metrics', () => {
  for (const [heading, register] of [
    ['Metrics', sseMetrics],
    ['Redis', redisMetrics],
    ['Log service', ({ registry }: { registry: Registry }) => logServiceMetrics({ registry, store })],
  ] as const) {
    it(`the README documents every metric under "${heading}" with its type and labels, and no other`, async () => {
      const registry = new Registry();
      register({ registry });
      const metrics = (await registry.getMetricsAsJSON()).map(({ name, type }) => `${name} ${type}`);
      const documented = rows(heading).map(([name, type]) => `${name!.replace('`', '')} ${type!.split(',')[0]}`);
      expect(documented.toSorted()).to.deep.equal(metrics.toSorted());
      for (const [name, , labels] of rows(heading)) {
        const metric = registry.getSingleMetric(name!.replace('`', '')) as unknown as { labelNames: string[] };
        expect(
          [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label),
          name,
        ).to.deep.equal([...metric.labelNames]);
      }
    });
  }

  for (const [heading, type] of [
    ['Access log', 'AccessLogOptions'],
    ['Admin page', 'AdminPageOptions'],
  ] as const) {
    it(`the README documents every option under "${heading}", and no other`, () => {
      const [, body = ''] = new RegExp(`interface ${type} \\{([\\s\\S]*?)\\n\\}`).exec(types) ?? [];
      const options = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
      expect(rows(heading).map(([name]) => name!.replace('`', ''))).to.deep.equal(options);
    });
  }
});

describe('the enumerated labels', () => {
  it('the labels name every code, end and gap of log-stream', () => {
    const codes = [...read('../../log-stream/src/errors.ts').matchAll(/^ {2}(ERR_LOG_STREAM_\w+): /gm)].map(
      ([, code]) => code!,
    );
    const thrown = new Set(['ERR_LOG_STREAM_NODE', 'ERR_LOG_STREAM_OPTION', 'ERR_LOG_STREAM_DOCUMENT']);
    expect(logValues.errorCodes.toSorted()).to.deep.equal(codes.filter((code) => !thrown.has(code)).toSorted());
    const [, union = ''] = /type LogCloseReason =([^;]*);/.exec(read('../../log-stream/src/observer.ts')) ?? [];
    const reasons = [...union.matchAll(/'([\w-]+)'/g)].map(([, reason]) => reason);
    expect(logValues.closeReasons.toSorted()).to.deep.equal(reasons.toSorted());
    const named = read('../../log-stream/README.md');
    for (const gap of logValues.gapReasons) expect(named, gap).to.include(`\`${gap}\``);
    for (const [, gap] of read('../../log-stream/src/stream/frames.ts').matchAll(/gapFrame\('([\w-]+)'/g))
      expect(logValues.gapReasons).to.include(gap);
  });

  it('the labels name every code that a connection of sse-redis can fail with', () => {
    const codes = [...read('../../sse-redis/src/errors.ts').matchAll(/^ {2}\| '(ERR_SSE_REDIS_\w+)'/gm)].map(
      ([, code]) => code,
    );
    expect(redisErrorCodes).to.deep.equal(codes.filter((code) => code !== 'ERR_SSE_REDIS_OPTION'));
  });

  it('the labels name every code and every refusal reason of sse-proxy', () => {
    const table = [...read('../../sse-proxy/src/errors.ts').matchAll(/^ {2}(ERR_SSE_\w+): \[\d+, '([\w-]+)'/gm)];
    expect(proxyValues.errorCodes.toSorted()).to.deep.equal(table.map(([, code]) => code).toSorted());
    expect(proxyValues.refusalReasons.toSorted()).to.deep.equal(
      [...new Set(table.map(([, , reason]) => reason))].toSorted(),
    );
  });
});
