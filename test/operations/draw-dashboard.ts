// Draws the Grafana dashboard's panels as docs/dashboard.svg: `npm run dashboard`. The data are those of a scripted
// run, of a minute, scraped by a real Prometheus and read by the dashboard's own queries.
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { drawDashboard, type FilledPanel } from './support/chart.ts';
import { type DashboardPanel, queryOf, readPanels } from './support/dashboard.ts';
import { type Prometheus, startPrometheus } from './support/prometheus.ts';
import { inRepository } from './support/promtool.ts';
import { type OpenedStream, Script } from './support/script.ts';

const seconds = 60;
const now = () => Date.now() / 1_000;

/** What happens in the run, by its second. */
const events: Record<number, (script: Script, streams: OpenedStream[]) => Promise<unknown>> = {
  2: (script) => script.openRelayed(),
  8: (script) => script.reachLimits(),
  14: (script) => script.evict(3),
  18: (script, [first]) => script.loseUpstream(first!),
  24: (script) => script.loseRedis(),
  30: (script, [first]) => script.restoreUpstream(first!),
  35: (script) => script.restoreRedis(),
  36: (script, [, second]) => script.exceedEvent(second!),
  40: (script, [, , third]) => script.breakWithoutIds(third!),
  46: (script) => script.refuseOthers(),
};

async function run(script: Script): Promise<void> {
  const streams: OpenedStream[] = [];
  for (let second = 0; second < seconds; second++) {
    const next = now() + 1;
    // More and more streams, until a third of them leave.
    if (second < 40 || second > 52) streams.push(await script.open());
    else if (streams.length > 24) await script.leave(streams.pop()!);
    if (second % 5 === 4) {
      await script.leave(streams.pop()!);
      streams.push(await script.open({ headers: { 'Last-Event-ID': '1' } }));
    }
    await events[second]?.(script, streams);
    const live = second >= 18 && second < 30 ? streams.slice(1) : streams;
    for (const stream of live) await script.send(stream, false);
    await setTimeout(Math.max(0, (next - now()) * 1_000));
  }
}

async function fill(prometheus: Prometheus, panel: DashboardPanel, start: number, end: number): Promise<FilledPanel> {
  const curves = [];
  for (const { expr, legendFormat } of panel.targets) {
    for (const { metric, values } of await prometheus.queryRange(queryOf(expr, '3s'), start, end, 0.5)) {
      const label = legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? '').trim();
      const points = values
        .map(([time, value]) => [time, Number(value)] as const)
        .filter(([, value]) => !Number.isNaN(value));
      if (points.some(([, value]) => value > 0))
        curves.push({ label: label.replace(/^127\.0\.0\.1:\d+$/, 'bff-1'), points });
    }
  }
  const { title, description, fieldConfig } = panel;
  return { title, description, unit: fieldConfig.defaults.unit, curves };
}

const script = await Script.start();
const prometheus = await startPrometheus(script.scenario.metricsPort);
try {
  while ((await prometheus.queryRange('up == 1', now() - 5, now(), 1)).length === 0) await setTimeout(50);
  const start = now();
  await run(script);
  const end = now();
  const panels = [];
  for (const panel of readPanels()) panels.push(await fill(prometheus, panel, start, end));
  await writeFile(inRepository('docs/dashboard.svg'), drawDashboard(panels, start, end));
  console.log('docs/dashboard.svg');
} finally {
  await prometheus.close();
  await script.scenario.close();
}
process.exit(0);
