import { createElement, StrictMode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import type { EventStreamOptions } from '../../src/index.ts';
import { localPersistence } from '../../src/persist.ts';
import { type UseEventStreamResult, useEventStream } from '../../src/react.ts';

declare global {
  interface Window {
    hook: typeof hook;
  }
}

let url: string | null = null;
let options: EventStreamOptions | undefined;

function Viewer() {
  hook.result = useEventStream(url, options);
  hook.renders.push(`${url} ${hook.result.status} ${hook.result.entries.length}`);
  return null;
}

const root = createRoot(document.body);

/** A component that uses the hook, and the results of the hook. */
const hook = {
  renders: [] as string[],
  result: undefined as UseEventStreamResult | undefined,
  kept: undefined as UseEventStreamResult | undefined,
  /** @param scope whose data is persisted */
  render(nextUrl: string | null, nextOptions?: EventStreamOptions, scope?: string) {
    url = nextUrl;
    options = { ...nextOptions, ...(scope && { persist: localPersistence({ scope }) }) };
    flushSync(() => root.render(createElement(StrictMode, null, createElement(Viewer))));
  },
  unmount: () => root.unmount(),
  keep() {
    hook.kept = hook.result;
  },
  /** Names of the functions in the result that have changed since `keep()`. */
  changed(): string[] {
    const [before, now] = [Object.entries(hook.kept!), hook.result!];
    return before.flatMap(([name, value]) =>
      typeof value === 'function' && now[name as keyof UseEventStreamResult] !== value ? [name] : [],
    );
  },
};

window.hook = hook;
