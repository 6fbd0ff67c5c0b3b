import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertRules, runTool } from './promtool.ts';

/** One scrape: series → value. */
export type Scrape = ReadonlyMap<string, number>;

/** Interval between two scrapes for Prometheus, however fast the test takes them. */
export const intervalSeconds = 15;

/** What Prometheus adds to each series that it scrapes. */
const targets = { sse: 'instance="bff-1:9464",job="sse"', 'log-service': 'instance="logs-1:9465",job="log-service"' };

/**
 * Evaluates the deployed alert rules on scrapes with `promtool test rules`.
 *
 * @param name names the test in promtool's output
 * @param scrapes one every 15 seconds; undefined: the instance didn't answer
 * @param firing names of the alerts that must be firing at the end, and no others
 * @param job whose scrapes they are; a BFF answers in any case
 * @throws Error with promtool's output if other alerts fire
 */
export async function expectFiring(
  name: string,
  scrapes: readonly (Scrape | undefined)[],
  firing: string[],
  job: keyof typeof targets = 'sse',
): Promise<void> {
  // The event loop of a test is late too on a busy machine.
  const isMeasured = firing.includes('SseEventLoopBlocked');
  const valueAt = (scrape: Scrape | undefined, name: string) =>
    !isMeasured && name === 'sse_event_loop_delay_seconds' && scrape ? 0 : scrape?.get(name);
  const names = new Set(scrapes.flatMap((scrape) => [...(scrape?.keys() ?? [])]));
  const series = [...names].map((it) => ({
    series: withTarget(it, targets[job]),
    values: scrapes.map((scrape) => valueAt(scrape, it) ?? '_').join(' '),
  }));
  const up = { series: `up{${targets.sse}}`, values: scrapes.map((scrape) => (scrape ? 1 : 0)).join(' ') };
  const test = {
    rule_files: [alertRules],
    evaluation_interval: `${intervalSeconds}s`,
    tests: [
      {
        name,
        interval: `${intervalSeconds}s`,
        input_series: [up, ...series],
        promql_expr_test: [
          {
            expr: 'max by (alertname) (ALERTS{alertstate="firing"})',
            eval_time: `${(scrapes.length - 1) * intervalSeconds}s`,
            exp_samples: firing.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
          },
        ],
      },
    ],
  };
  const folder = await mkdtemp(join(tmpdir(), 'datashop-rules-'));
  try {
    const file = join(folder, 'test.json');
    await writeFile(file, JSON.stringify(test));
    await runTool('promtool', ['test', 'rules', file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function withTarget(series: string, target: string): string {
  return series.endsWith('}') ? series.replace(/\}$/, `,${target}}`) : `${series}{${target}}`;
}
