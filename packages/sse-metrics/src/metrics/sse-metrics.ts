import type {
  AttachContext,
  CloseContext,
  ErrorContext,
  EvictContext,
  FirstEventContext,
  GapContext,
  OpenContext,
  RefuseContext,
  ResumeContext,
} from '@datashop/sse-proxy';
import type { Registry } from 'prom-client';
import { BoundedLabels } from '../labels/bounded-labels.ts';
import type { ForeignSource } from '../labels/foreign-source.ts';
import { proxyValues } from '../labels/values.ts';
import type { SseMetrics, SseMetricsOptions, SseSummary } from '../types.ts';
import { LiveSet } from './live-set.ts';
import { ObservedMetrics } from './observed-metrics.ts';
import { RateWindow } from './rate-window.ts';
import { checkRegistry, inRegistry } from './registry-option.ts';
import { registerScraped } from './scraped-metrics.ts';

const errorRateSeconds = 120;

/**
 * An observer that keeps the metrics of any number of middlewares in a registry of prom-client. Gauges, and the
 * counters of events and bytes, are read from the middlewares at each scrape, so that nothing is done for each event.
 *
 * @example
 * ```ts
 * import { sseMetrics } from '@datashop/sse-metrics';
 * import { sseProxy } from '@datashop/sse-proxy';
 * import { Registry } from 'prom-client';
 *
 * const registry = new Registry();
 * const metrics = sseMetrics({ registry });
 * app.get('/sse/logs/stream', sseProxy({ target: 'https://logs.internal/logs/stream', observers: [metrics] }));
 * ```
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION` if an option is unknown or wrong, or the registry has a metric of
 * one of the names
 */
export function sseMetrics(options: SseMetricsOptions): SseMetrics {
  checkRegistry('sseMetrics', options);
  return inRegistry('sseMetrics', () => new MetricsObserver(options.registry, options.prefix ?? ''));
}

class MetricsObserver implements SseMetrics {
  readonly #metrics: ObservedMetrics;
  readonly #labels = new BoundedLabels((route) => this.#metrics.startAtZero(route, this.#rules.known, this.#values));
  /** The label values of the source that is being attached, or else of sse-proxy. */
  #values = proxyValues;
  readonly #rules = new BoundedLabels((rule) => this.#metrics.startRuleAtZero(rule, this.#labels.known));
  readonly #live = new LiveSet(this.#labels);
  readonly #errorRate = new RateWindow(errorRateSeconds);
  #ended = 0;
  #endedMs = 0;

  constructor(registry: Registry, prefix: string) {
    this.#metrics = new ObservedMetrics(registry, prefix);
    registerScraped(registry, prefix, this.#live);
  }

  onAttach(context: AttachContext & Partial<ForeignSource>): void {
    this.#live.add(context);
    for (const rule of context.rules) this.#rules.of(rule);
    this.#values = context.values ?? proxyValues;
    for (const route of context.routes ?? [context.name ?? '']) this.#labels.of(route);
    this.#values = proxyValues;
  }

  onOpen({ stream }: OpenContext): void {
    const route = this.#labels.of(stream.route);
    if (stream.resumed) this.#metrics.reconnections.inc({ route });
  }

  onFirstEvent({ stream, waitedMs }: FirstEventContext): void {
    this.#metrics.firstEventSeconds.observe({ route: this.#labels.of(stream.route) }, waitedMs / 1_000);
  }

  onClose(context: CloseContext): void {
    const { stream, reason, durationMs } = context;
    this.#metrics.durationSeconds.observe({ route: this.#labels.of(stream.route), reason }, durationMs / 1_000);
    this.#live.onClose(context);
    this.#ended++;
    this.#endedMs += durationMs;
  }

  onRefuse({ stream, error }: RefuseContext): void {
    const route = this.#labels.of(stream.route);
    this.#metrics.refused.inc({
      route,
      reason: error.reason,
      rule: error.rule === undefined ? '' : this.#rules.of(error.rule),
    });
    if (stream.resumed) this.#metrics.reconnections.inc({ route });
  }

  onResume({ route }: ResumeContext): void {
    this.#metrics.upstreamReconnects.inc({ route: this.#labels.of(route) });
  }

  onGap({ route, reason, browsers }: GapContext): void {
    this.#metrics.gaps.inc({ route: this.#labels.of(route), reason }, browsers);
  }

  onEvict({ stream, bound }: EvictContext): void {
    this.#metrics.evicted.inc({ route: this.#labels.of(stream.route), bound });
  }

  onError({ stream, error }: ErrorContext): void {
    this.#metrics.errors.inc({ route: this.#labels.of(stream.route), code: error.code });
    if (error.reason !== 'draining') this.#errorRate.add();
  }

  summary(): SseSummary {
    const { routes } = this.#live.snapshot;
    let active = 0;
    let events = 0;
    for (const traffic of routes.values()) {
      active += traffic.active;
      events += traffic.events;
    }
    return {
      active_sse_connections: active,
      total_messages_sent: events,
      average_connection_duration: this.#ended === 0 ? 0 : this.#endedMs / this.#ended / 1_000,
      error_rate: this.#errorRate.perSecond(),
    };
  }
}
