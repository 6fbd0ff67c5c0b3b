import { AsyncResource } from 'node:async_hooks';

/** Calls `work` in an asynchronous context: with the values that every AsyncLocalStorage had when it was captured. */
export type RunInContext = <T>(work: () => T) => T;

/**
 * Captures the current asynchronous context. Work that continues later, on the event of a socket or a timer that
 * another request has created, would otherwise run in that request's context: a tracer would use the wrong span as its
 * parent.
 */
export function captureContext(): RunInContext {
  // Not AsyncLocalStorage.snapshot(), which does the same but is much slower: a context is captured for every stream.
  const resource = new AsyncResource('SseProxyContext');
  return (work) => resource.runInAsyncScope(work);
}

/**
 * Runs work in the context in which this module was loaded, so in no request's: for work that serves no single browser.
 */
export const runInRootContext: RunInContext = captureContext();
