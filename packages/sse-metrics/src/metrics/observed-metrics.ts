import { Counter, Histogram, type Registry } from 'prom-client';
import type { LabelValues } from '../labels/values.ts';

/** Bounds of a stream's duration: 1 s to 4 h. */
const durationBuckets = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400];
const firstEventBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

/** The metrics that are updated when an observer is notified. None of them is updated for each event. */
export class ObservedMetrics {
  readonly durationSeconds;
  readonly errors;
  readonly reconnections;
  readonly upstreamReconnects;
  readonly refused;
  readonly gaps;
  readonly evicted;
  readonly firstEventSeconds;

  constructor(registry: Registry, prefix: string) {
    const registers = [registry];
    const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Counter({ name: `${prefix}${name}`, help, labelNames, registers });
    const histogram = <Label extends string>(name: string, help: string, buckets: number[], ...labelNames: Label[]) =>
      new Histogram({ name: `${prefix}${name}`, help, labelNames, buckets, registers });

    this.durationSeconds = histogram(
      'sse_connection_duration_seconds',
      'Duration of the streams that have ended, by the reason of their end.',
      durationBuckets,
      'route',
      'reason',
    );
    this.errors = counter(
      'sse_connection_errors_total',
      'Errors that ended a stream or refused a request, by code.',
      'route',
      'code',
    );
    this.reconnections = counter(
      'sse_reconnection_attempts_total',
      'Requests of browsers that came back with a Last-Event-ID.',
      'route',
    );
    this.upstreamReconnects = counter(
      'sse_upstream_reconnects_total',
      'Upstream connections that were lost and are back.',
      'route',
    );
    this.refused = counter(
      'sse_refused_total',
      'Requests that got no stream, by reason; for a limit, also by the rule that was reached.',
      'route',
      'reason',
      'rule',
    );
    this.gaps = counter('sse_gaps_total', 'Gap events sent to browsers, by reason.', 'route', 'reason');
    this.evicted = counter(
      'sse_evicted_total',
      'Browsers disconnected because they read too slowly, by the bound that was exceeded.',
      'route',
      'bound',
    );
    this.firstEventSeconds = histogram(
      'sse_time_to_first_event_seconds',
      "Time from a browser's request to its first event.",
      firstEventBuckets,
      'route',
    );
  }

  /** Starts every series of a new route at 0: Prometheus counts no increase for the first value of a series. */
  startAtZero(route: string, rules: Iterable<string>, values: LabelValues): void {
    const { closeReasons, errorCodes, evictBounds, gapReasons, refusalReasons } = values;
    for (const reason of closeReasons) this.durationSeconds.zero({ route, reason });
    for (const code of errorCodes) this.errors.inc({ route, code }, 0);
    for (const reason of gapReasons) this.gaps.inc({ route, reason }, 0);
    for (const bound of evictBounds) this.evicted.inc({ route, bound }, 0);
    for (const reason of refusalReasons) if (reason !== 'limit') this.refused.inc({ route, reason, rule: '' }, 0);
    for (const rule of rules) this.startRuleAtZero(rule, [route]);
    this.firstEventSeconds.zero({ route });
    this.reconnections.inc({ route }, 0);
    this.upstreamReconnects.inc({ route }, 0);
  }

  /** Starts the refusals of a new limit at 0, for each route. */
  startRuleAtZero(rule: string, routes: Iterable<string>): void {
    for (const route of routes) this.refused.inc({ route, reason: 'limit', rule }, 0);
  }
}
