import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { parseMetrics } from '../../packages/sse-metrics/test/support/scrape.ts';
import { needs } from '../support/needs.ts';
import { type Fault, faults } from './support/faults.ts';
import { alertRules, inRepository, runTool } from './support/promtool.ts';
import { expectFiring, intervalSeconds, type Scrape } from './support/rule-test.ts';
import { Script } from './support/script.ts';

const perMinute = 60 / intervalSeconds;

describe('Prometheus', () => {
  needs('prometheus');
  needs('redis');
  let script: Script | undefined;
  afterEach(() => script?.scenario.close());

  const scrape = async (): Promise<Scrape> => parseMetrics(await script!.scenario.metrics());

  it('promtool accepts the metrics of a scripted run, the alert rules and the configuration', async () => {
    script = await Script.start();
    await script.send(await script.open(), true);
    await script.refuseOthers();
    await runTool('promtool', ['check', 'metrics'], await script.scenario.metrics());
    await runTool('promtool', ['check', 'rules', '--lint-fatal', alertRules]);
    await runTool('promtool', ['check', 'config', inRepository('examples/deploy/prometheus/prometheus.yml')]);
  });

  it('amtool accepts the configuration of Alertmanager, which pages for what users notice', async () => {
    const file = inRepository('examples/deploy/prometheus/alertmanager.yml');
    await runTool('amtool', ['check-config', file]);
    const route = (severity: string) =>
      runTool('amtool', ['config', 'routes', 'test', `--config.file=${file}`, `severity=${severity}`]);
    expect([await route('page'), await route('warn')]).to.deep.equal(['pager', 'channel']);
  });

  for (const [title, { firing, minutes, ...fault }] of Object.entries<Fault>(faults)) {
    it(`fires ${firing.join(', ') || 'no alert'} if ${title}, on the metrics of a scripted run`, async () => {
      script = await Script.start();
      const scrapes = [await scrape()];
      await fault.begin?.(script);
      const unchanged = fault.again ? undefined : await scrape();
      for (let n = 0; n < minutes * perMinute; n++) {
        for (let times = 0; times < (fault.times ?? 1); times++) await fault.again?.(script);
        scrapes.push(unchanged ?? (await scrape()));
      }
      await expectFiring(title, scrapes, [...firing]);
    });
  }

  it('fires SseUpstreamOutage if the upstream stays away, and nothing once it is back', async () => {
    script = await Script.start();
    const stream = await script.open();
    await script.send(stream, true);
    const scrapes = [await scrape()];
    await script.loseUpstream(stream);
    // A fifth of a second stands for a minute, so that the test needn't wait for one.
    for (let n = 0; n < 3 * perMinute; n++) {
      await setTimeout(200 / perMinute);
      const taken = new Map(await scrape());
      taken.set('sse_upstream_outage_seconds', (taken.get('sse_upstream_outage_seconds') ?? 0) * 300);
      scrapes.push(taken);
    }
    await expectFiring('outage', scrapes, ['SseUpstreamOutage']);
    await script.restoreUpstream(stream);
    await expectFiring('restored', [...scrapes, await scrape()], []);
  });

  it('fires SseNoInstance if no instance answers', async () => {
    script = await Script.start();
    await expectFiring('none', [await scrape(), ...Array(perMinute * 2).fill(undefined)], ['SseNoInstance']);
  });
});
