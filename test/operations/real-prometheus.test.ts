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
  let script: Script;
  let prometheus: Prometheus;
  let isOver = false;
  afterEach(async () => {
    isOver = true;
    await prometheus?.close();
    await script?.scenario.close();
  });

  it('fires each alert on the run that should fire it, and none before; and answers each query of the dashboard', async () => {
    script = await Script.start();
    prometheus = await startPrometheus(script.scenario.metricsPort);
    const start = now();
    const seen = new Set<string>();
    const look = async () => {
      for (const alert of await prometheus.firing()) seen.add(alert);
    };
    // Prometheus begins to scrape some seconds after its start.
    const isScraped = async () => (await prometheus.queryRange('up == 1', start, now(), 1)).length > 0;
    while (!(await isScraped()) || (await prometheus.firing()).length > 0) await setTimeout(50);
    // A second stands for a minute: long enough for every alert that would fire on a run without faults.
    for (const end = now() + 2; now() < end; await setTimeout(50)) await look();
    expect([...seen]).to.deep.equal([]);

    const lost = await script.open();
    await script.send(lost, true);
    const looking = (async () => {
      for (; !isOver; await setTimeout(100)) await look();
    })();
    for (const { begin } of Object.values<Fault>(faults)) await begin?.(script);
    const repeated = Object.values<Fault>(faults).map(async ({ again }) => {
      for (; again && !isOver; await setTimeout(400)) await again(script);
    });
    await script.loseUpstream(lost);
    while (expected.some((alert) => !seen.has(alert))) await setTimeout(50);
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
