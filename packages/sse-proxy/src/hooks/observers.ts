import type { SseProxyError } from '../errors.ts';
import type { SseObserver } from '../types.ts';
import { isPromiseLike } from './call-hook.ts';

type Hooks = Required<SseObserver>;

/** What one hook of an observer is passed. */
export type HookContext<Name extends keyof Hooks> = Parameters<Hooks[Name]>[0];

const ignore = () => {};

/**
 * Calls one hook of every observer with the same frozen context. Ignores what a hook throws or rejects with: an
 * observer can't affect a stream. Freezes the error of the context too, since the response may be made of it later.
 * Never throws.
 */
export function notify<Name extends keyof Hooks>(
  observers: readonly SseObserver[],
  name: Name,
  context: HookContext<Name>,
): void {
  Object.freeze(context);
  Object.freeze((context as { readonly error?: SseProxyError }).error);
  for (const observer of observers) {
    try {
      const hook = observer[name] as ((context: HookContext<Name>) => unknown) | undefined;
      const result = hook?.call(observer, context);
      if (isPromiseLike(result)) result.then(undefined, ignore);
    } catch {
      // As for a rejection: an observer's failure concerns only itself.
    }
  }
}
