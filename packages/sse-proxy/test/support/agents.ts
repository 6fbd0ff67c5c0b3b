import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** OpenTelemetry in this process, as its documentation sets it up. */
export interface OpenTelemetry {
  /** Ended spans in the order of their ends. */
  spans(): ReadableSpan[];
  /** Ended spans of one kind. */
  of(kind: 'SERVER' | 'CLIENT'): ReadableSpan[];
  stop(): Promise<void>;
}

/** Starts OpenTelemetry with the instrumentations of Node's http servers and of undici. */
export function startOpenTelemetry(): OpenTelemetry {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const manager = new AsyncLocalStorageContextManager().enable();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(manager);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const unregister = registerInstrumentations({
    tracerProvider: provider,
    // Only servers are to be traced by this one: undici does not use http.request.
    instrumentations: [
      new HttpInstrumentation({ disableOutgoingRequestInstrumentation: true }),
      new UndiciInstrumentation(),
    ],
  });
  // The instrumentation patches a module when it is required.
  createRequire(import.meta.url)('http');
  const spans = () => exporter.getFinishedSpans();
  return {
    spans,
    of: (kind) => spans().filter((span) => span.kind === SpanKind[kind]),
    async stop() {
      unregister();
      manager.disable();
      trace.disable();
      context.disable();
      propagation.disable();
      await provider.shutdown();
    },
  };
}

/** The fields that a test compares. */
export function summary(span: ReadableSpan) {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentId: span.parentSpanContext?.spanId,
    isError: span.status.code === SpanStatusCode.ERROR,
    exceptions: span.events.filter(({ name }) => name === 'exception').map(({ attributes }) => attributes),
  };
}

/** A request as undici's channels show it. */
interface UndiciRequest {
  headers: string[];
  addHeader(name: string, value: string): void;
}

/** A minimal tracing agent: changes the headers of requests by `onCreate`, and records how requests end. */
export function handmadeAgent(onCreate: (request: UndiciRequest) => void) {
  const ends: (string | Error)[] = [];
  const listeners = {
    'undici:request:create': ({ request }: { request: UndiciRequest }) => onCreate(request),
    'undici:request:trailers': () => void ends.push('complete'),
    'undici:request:error': ({ error }: { error: Error }) => void ends.push(error),
  };
  for (const [name, listen] of Object.entries(listeners)) subscribe(name, listen as never);
  return {
    /** 'complete' or an error for each request that has ended. */
    ends,
    stop() {
      for (const [name, listen] of Object.entries(listeners)) unsubscribe(name, listen as never);
    },
  };
}

/** Whether anybody observes the requests of undici. */
export const isObserved = (): boolean => channel('undici:request:create').hasSubscribers;
