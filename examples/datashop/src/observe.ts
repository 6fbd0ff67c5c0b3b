import { accessLog, auditLog, type Logger, sseMetrics } from '@datashop/sse-metrics';
import type { SseObserver } from '@datashop/sse-proxy';
import express, { type Express } from 'express';
import { Registry } from 'prom-client';

/** Where the streams' log lines go. */
export interface StreamLogs {
  access: Logger;
  audit: Logger;
  /** Key of the hashes in the audit log. @defaultValue a new one for each run */
  auditSecret?: string | undefined;
}

export interface Observation {
  observers: SseObserver[];
  /** What `/metrics` serves. */
  registry: Registry;
  /** Serves `/metrics` to Prometheus and `/summary` as JSON: for a port that only the monitoring reaches. */
  metricsApp: Express;
}

/** What is measured and logged about the streams. Without `logs`, nothing is logged. */
export function observe(logs?: StreamLogs): Observation {
  const registry = new Registry();
  const metrics = sseMetrics({ registry });
  const metricsApp = express().disable('x-powered-by');
  metricsApp.get('/metrics', async (_req, res) => {
    res.type(registry.contentType).send(await registry.metrics());
  });
  metricsApp.get('/summary', (_req, res) => void res.json(metrics.summary()));
  if (!logs) return { observers: [metrics], registry, metricsApp };
  const audit = auditLog({ log: logs.audit, ...(logs.auditSecret && { secret: logs.auditSecret }) });
  return { observers: [metrics, accessLog({ log: logs.access }), audit], registry, metricsApp };
}
