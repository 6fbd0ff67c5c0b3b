import type { LogStreamError } from '../errors.ts';
import type { LogStreamObserver } from '../types.ts';

type Hooks = Required<LogStreamObserver>;

/** Calls one hook of every observer. Never throws. */
export type Notify = <Name extends keyof Hooks>(name: Name, context: Parameters<Hooks[Name]>[0]) => void;

const ignore = () => {};

/**
 * Creates the function that calls observers. It ignores what a hook throws or rejects with: an observer can't affect a
 * stream.
 */
export function notifierOf(observers: readonly LogStreamObserver[]): Notify {
  return (name, context) => {
    Object.freeze(context);
    Object.freeze((context as { readonly error?: LogStreamError }).error);
    for (const observer of observers) {
      try {
        const hook = observer[name] as ((context: unknown) => unknown) | undefined;
        const returned = hook?.call(observer, context);
        if (returned instanceof Object && 'then' in returned) Promise.resolve(returned).catch(ignore);
      } catch {
        // The observer's own failure, which must not affect the stream.
      }
    }
  };
}
