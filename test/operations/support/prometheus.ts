import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findExecutable } from '../../../scripts/needs.mjs';
import { freePort } from '../../support/free-ports.ts';
import { alertRules } from './promtool.ts';

/** One series of a query's result. */
export interface Series {
  readonly metric: Record<string, string>;
  /** Time in seconds since the epoch, and the value as text. */
  readonly values: readonly (readonly [number, string])[];
}

/** A running Prometheus with a data folder of its own. */
export interface Prometheus {
  /** Evaluates an expression over a time span; `step` in seconds. */
  queryRange(expr: string, start: number, end: number, step: number): Promise<Series[]>;
  /** Names of the alerts that are firing. */
  firing(): Promise<string[]>;
  close(): Promise<void>;
}

/** Part of its real time that a duration takes. */
const scale = 1 / 30;

/**
 * Starts a real Prometheus that scrapes a port with the deployed alert rules, thirty times as fast as in production:
 * two seconds stand for a minute.
 */
export async function startPrometheus(metricsPort: number): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'datashop-prometheus-'));
  await writeFile(join(folder, 'alerts.yml'), accelerate(await readFile(alertRules, 'utf8')));
  const config = {
    global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '250ms' },
    rule_files: [join(folder, 'alerts.yml')],
    scrape_configs: [{ job_name: 'sse', static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }] }],
  };
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ];
  const child = spawn(findExecutable('prometheus') ?? 'prometheus', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = once(child, 'exit');
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const isReady = async () => (await fetch(`${origin}/-/ready`).catch(() => undefined))?.ok;
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with exit code ${child.exitCode}`);
    await setTimeout(20);
  }
  const get = async (path: string, parameters: Record<string, string>) => {
    const answer = await fetch(`${origin}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = (await answer.json()) as { status: string; error?: string; data: Record<string, unknown> };
    if (body.status !== 'success') throw new Error(`${parameters.query}: ${body.error}`);
    return body.data;
  };
  return {
    queryRange: async (query, start, end, step) =>
      (await get('query_range', { query, start: `${start}`, end: `${end}`, step: `${step}` })).result as Series[],
    firing: async () => {
      const { alerts } = await get('alerts', {});
      const found = alerts as { state: string; labels: { alertname: string } }[];
      return found.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
    },
    close,
  };
}

/** The rules, with each duration and the threshold of an outage's seconds divided by thirty. */
export function accelerate(rules: string): string {
  return rules
    .replaceAll(
      /(for: |\[)(\d+)m/g,
      (_, before: string, minutes: string) => `${before}${Number(minutes) * 60 * scale * 1_000}ms`,
    )
    .replace(
      /(sse_upstream_outage_seconds\) > )(\d+)/,
      (_, before: string, seconds: string) => `${before}${Number(seconds) * scale}`,
    );
}
