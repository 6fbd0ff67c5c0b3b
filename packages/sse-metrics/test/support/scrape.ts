import type { Registry } from 'prom-client';

/** One scrape: series, such as `sse_gaps_total{reason="no-ids",route="/sse"}`, → value. Labels are sorted by name. */
export async function scrape(registry: Registry): Promise<Map<string, number>> {
  return parseMetrics(await registry.metrics());
}

/** Reads Prometheus' text format. */
export function parseMetrics(text: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not a line of Prometheus' text format: ${line}`);
    const sorted = [...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([label]) => label).sort();
    series.set(sorted.length > 0 ? `${name}{${sorted.join()}}` : name, Number(value));
  }
  return series;
}

/** The series that are not 0, without buckets, and without those that depend on time: an object for comparisons. */
export function counted(series: Map<string, number>): Record<string, number> {
  return Object.fromEntries(
    [...series].filter(([name, value]) => value !== 0 && !/_bucket|_sum|_seconds$|_bytes/.test(name)),
  );
}
