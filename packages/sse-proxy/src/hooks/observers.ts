import type { SseObserver } from '../types.ts';
import { isPromiseLike } from './call-hook.ts';

type Hooks = Required<SseObserver>;

const drop = () => {};

/** Calls one hook of every observer. What it throws or rejects with is dropped: an observer cannot hurt a stream. */
export function notify<Name extends keyof Hooks>(
  observers: readonly SseObserver[],
  hook: Name,
  context: Parameters<Hooks[Name]>[0],
): void {
  for (const observer of observers) {
    try {
      const result: unknown = (observer[hook] as ((context: unknown) => unknown) | undefined)?.call(observer, context);
      if (isPromiseLike(result)) result.then(undefined, drop);
    } catch {
      drop();
    }
  }
}
