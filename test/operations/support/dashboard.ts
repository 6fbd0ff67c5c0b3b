import { readFileSync } from 'node:fs';
import { inRepository } from './promtool.ts';

/** One panel of the Grafana dashboard, as far as it is used here. */
export interface DashboardPanel {
  readonly title: string;
  readonly description: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

/** The panels of the dashboard that is deployed. */
export function readPanels(): DashboardPanel[] {
  return JSON.parse(readFileSync(inRepository('examples/deploy/grafana/sse.json'), 'utf8')).panels;
}

/** An expression as Grafana sends it: of the BFF, with the interval that `rate` covers. */
export function queryOf(expr: string, rateInterval: string): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$job', 'sse');
}

/** The metrics that an expression names: what is neither a function, a keyword, a label nor a number. */
export function metricsIn(expr: string): string[] {
  const bare = expr.replaceAll(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, ' ').replaceAll(/\b(by|without)\s*\([^)]*\)/g, ' ');
  return [...bare.matchAll(/\b[a-z_]\w*\b(?!\s*\()/g)].map(([name]) => name).filter((name) => !words.has(name));
}

const words = new Set(['and', 'or', 'unless', 'sum', 'max', 'min', 'count', 'avg', 'by', 'without', 'bool']);
