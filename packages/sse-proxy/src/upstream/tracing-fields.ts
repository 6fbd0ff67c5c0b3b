const names =
  /^(traceparent|tracestate|baggage|b3|x-b3-.*|(x-)?(request|correlation)-id|correlation-context|uber-trace-id|sentry-trace|x-amzn-trace-id|x-cloud-trace-context|x-datadog-.*|elastic-apm-traceparent|newrelic)$/;

/**
 * True for the lower-case name of a field that does not affect the upstream's response, so that it may differ between
 * browsers of a shared feed [R51].
 */
export function isTracingField(name: string): boolean {
  return names.test(name);
}
