import { existsSync, readFileSync } from 'node:fs';
import { logServiceMetrics, redisMetrics, sseMetrics } from '@datashop/sse-metrics';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { metricsIn, readPanels } from './support/dashboard.ts';
import { alertRules, inRepository } from './support/promtool.ts';

/** All metrics of the BFF, most of which the log service has too. */
function allMetrics() {
  const registry = new Registry();
  sseMetrics({ registry });
  redisMetrics({ registry });
  return registry.getMetricsAsJSON();
}

/** Names of all series that a scrape has, those of histograms included, and what Prometheus adds. */
async function known(): Promise<Set<string>> {
  const registry = new Registry();
  const store = { health: async () => ({ problem: undefined, figures: {} }) };
  logServiceMetrics({ registry, store });
  const metrics = [...(await allMetrics()), ...(await registry.getMetricsAsJSON())];
  const names = metrics.flatMap(({ name, type }) =>
    String(type) === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`) : [name],
  );
  return new Set([...names, 'up']);
}

const rules = readFileSync(alertRules, 'utf8');
const alerts = [...rules.matchAll(/- alert: (\w+)\n\s+expr: (.+)\n/g)].map(([, name, expr]) => ({
  name: name!,
  expr: expr!,
}));
const runbook = readFileSync(inRepository('docs/runbook.md'), 'utf8');
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
const anchors = new Set([...runbook.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!)));

describe('dashboard, alert rules and runbook', () => {
  it('each query of the dashboard names metrics that exist', async () => {
    const names = await known();
    const panels = readPanels();
    expect(panels).to.have.length.above(10);
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        expect(metricsIn(expr), title).to.not.be.empty;
        expect(
          metricsIn(expr).filter((name) => !names.has(name)),
          title,
        ).to.deep.equal([]);
      }
    }
  });

  it('the dashboard shows every metric', async () => {
    const shown = new Set(readPanels().flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))));
    const missing = (await allMetrics())
      .map(({ name }) => name)
      .filter((name) => ![name, `${name}_bucket`, `${name}_count`].some((it) => shown.has(it)));
    expect(missing).to.deep.equal([]);
  });

  it('each alert names metrics that exist, and a section of the runbook', async () => {
    const names = await known();
    expect(alerts).to.have.length.above(5);
    for (const { name, expr } of alerts)
      expect(
        metricsIn(expr).filter((it) => !names.has(it)),
        name,
      ).to.deep.equal([]);
    const sections = [...rules.matchAll(/runbook: docs\/runbook\.md#(\S+)/g)].map(([, section]) => section!);
    expect(sections).to.have.length(alerts.length);
    expect(sections.filter((section) => !anchors.has(section))).to.deep.equal([]);
    for (const { name } of alerts) expect(runbook, name).to.include(`| \`${name}\` |`);
  });

  it('the runbook names metrics, codes, files and tests that exist', async () => {
    const names = await known();
    const named = [...runbook.matchAll(/`(?:sum\()?((?:active_)?sse_\w+)/g)].map(([, name]) => name!);
    expect(named).to.have.length.above(15);
    const unknown = named.filter((name) => ![name, `${name}_count`].some((it) => names.has(it)));
    expect(unknown).to.deep.equal([]);
    const errors = ['docs/errors.md', 'packages/sse-redis/README.md']
      .map((file) => readFileSync(inRepository(file), 'utf8'))
      .join();
    for (const [code] of runbook.matchAll(/ERR_SSE_\w+/g)) expect(errors, code).to.include(`### ${code}\n`);
    for (const [, link] of runbook.matchAll(/\]\(([^)#]+)/g))
      expect(existsSync(inRepository(`docs/${link}`)), link).to.equal(true);
    for (const [, target] of runbook.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors, target).to.include(target);
    for (const [, file] of runbook.matchAll(/`([\w/-]+\.test\.ts)`/g))
      expect(existsSync(inRepository(file!)), file).to.equal(true);
  });

  it('each section of the runbook names the test that produces its symptom', () => {
    const sections = runbook
      .split(/^## /m)
      .slice(1)
      .filter((section) => section.includes('**Seen:**'));
    expect(sections).to.have.length.above(8);
    const texts = ['alerts.test.ts', 'alerts-log-service.test.ts', 'support/faults.ts'].map((file) =>
      readFileSync(inRepository(`test/operations/${file}`), 'utf8'),
    );
    texts.push(readFileSync(inRepository('packages/sse-metrics/test/metrics.test.ts'), 'utf8'));
    for (const section of sections) {
      const [heading] = section.split('\n');
      const [, produced] = /\*\*Produced by\*\*\s([\s\S]*)/.exec(section) ?? [];
      expect(produced, heading).to.be.a('string');
      const [, title] = /"([^"]+)"/.exec(produced!.replaceAll(/\s+/g, ' ')) ?? [];
      if (title === undefined) continue;
      // The titles of faults are made of the alerts and of what happens.
      const [, fault] = /^fires \w+ if (.*)$/.exec(title) ?? [];
      const isThere = texts.some((text) => text.includes(title) || (fault && text.includes(`'${fault}'`)));
      expect(isThere, `${heading}: ${title}`).to.equal(true);
    }
  });
});
