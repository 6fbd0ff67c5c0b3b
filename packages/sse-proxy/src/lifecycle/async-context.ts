import { AsyncResource } from 'node:async_hooks';

/** Calls `work` in an asynchronous context: with the values that every AsyncLocalStorage had when it was captured. */
export type RunInContext = <T>(work: () => T) => T;

/**
 * The context of this moment. Work that continues later, on the event of a socket or a timer that another request has
 * created, would otherwise run in that request's context: a tracer would take the wrong span as its parent.
 */
export function captureContext(): RunInContext {
  // AsyncLocalStorage.snapshot() does the same at 30 times the cost.
  const resource = new AsyncResource('SseProxyContext');
  return (work) => resource.runInAsyncScope(work);
}

/** The context in which this module was loaded, which is no request's: for what belongs to no single browser. */
export const runInRootContext: RunInContext = captureContext();
