import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { needs } from '../support/needs.ts';
import { queryOf, readPanels } from './support/dashboard.ts';
import { type Fault, faults } from './support/faults.ts';
import { type Prometheus, startPrometheus } from './support/prometheus.ts';
import { Script } from './support/script.ts';

const expected = [...Object.values<Fault>(faults).flatMap(({ firing }) => firing), 'SseUpstreamOutage'];

const now = () => Date.now() / 1_000;

describe('a real Prometheus', () => {
  needs('prometheus');
  needs('redis');
  let script: Script;
  let prometheus: Prometheus;
  let isOver = false;
  afterEach(async () => {
    isOver = true;
    await prometheus?.close();
    await script?.scenario.close();
  });

  it('Prometheus fires each alert on the run that should fire it, and none before; it answers each query of the dashboard', async () => {
    script = await Script.start();
    prometheus = await startPrometheus(script.scenario.metricsPort);
    const start = now();
    const seen = new Set<string>();
    const look = async () => {
      for (const alert of await prometheus.firing()) seen.add(alert);
    };
    // Prometheus begins to scrape some seconds after its start.
    const isScraped = async () => (await prometheus.queryRange('up == 1', start, now(), 1)).length > 0;
    while (!(await isScraped())) await setTimeout(50);
    // Two seconds stand for a minute: long enough for every alert that would fire on a run without faults.
    for (const end = now() + 4; now() < end; await setTimeout(50)) await look();
    // Those that a busy machine causes: a late scrape, and a test's own event loop that is late.
    expect([...seen].filter((alert) => !/^Sse(NoInstance|EventLoopBlocked)$/.test(alert))).to.deep.equal([]);
    seen.clear();

    const lost = await script.open();
    await script.send(lost, true);
    const looking = (async () => {
      for (; !isOver; await setTimeout(100)) await look();
    })();
    const all = Object.values<Fault>(faults);
    for (const { begin } of all) await begin?.(script);
    const repeated = all.map(async ({ again }) => {
      for (; again && !isOver; await setTimeout(400)) await again(script);
    });
    await script.loseUpstream(lost);
    // A fault that happens once is missed if the scrapes around it time out: it happens again until its alert fires.
    for (let againAt = performance.now() + 15_000; expected.some((alert) => !seen.has(alert)); await setTimeout(50)) {
      if (performance.now() < againAt) continue;
      for (const { begin, firing, isMomentary } of all)
        if (isMomentary && firing.some((alert) => !seen.has(alert))) await begin?.(script);
      againAt = performance.now() + 15_000;
    }
    isOver = true;
    await Promise.all([looking, ...repeated]);
    // A scrape may time out while the faults keep the process busy.
    seen.delete('SseNoInstance');
    expect([...seen].toSorted()).to.deep.equal(expected.toSorted());
    await script.scenario.close();
    while (!seen.has('SseNoInstance')) await look();

    for (const { title, targets } of readPanels()) {
      for (const { expr } of targets) {
        const series = await prometheus.queryRange(queryOf(expr, '2s'), start, now(), 1);
        expect(series, `${title}: ${expr}`).to.not.be.empty;
      }
    }
  });
});
