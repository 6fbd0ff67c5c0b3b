import { createElement, StrictMode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import type { EventStreamOptions } from '../../src/index.ts';
import { localPersistence } from '../../src/persist.ts';
import { shallowEqual, type UseEventStreamResult, useEventStream, useStreamSnapshot } from '../../src/react.ts';
import { sharedTabs } from '../../src/tabs.ts';

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

/** Renders only when one of these fields changes. */
function Selecting() {
  const { selected, stream } = useEventStream(url, {
    ...options,
    select: ({ status, counts }) => ({ status, big: counts.total >= 3 }),
    isEqual: shallowEqual,
  });
  const total = useStreamSnapshot(stream, ({ counts }) => Math.floor(counts.total / 2));
  hook.renders.push(`${selected.status} ${selected.big} ${total}`);
  return null;
}

const root = createRoot(document.body);

/** A component that uses the hook, and the results of the hook. */
const hook = {
  renders: [] as string[],
  result: undefined as UseEventStreamResult | undefined,
  kept: undefined as UseEventStreamResult | undefined,
  /** @param scopes of what is persisted, and of the tabs that share a connection */
  render(nextUrl: string | null, nextOptions?: EventStreamOptions, scopes: { persist?: string; tabs?: string } = {}) {
    const { persist, tabs } = scopes;
    url = nextUrl;
    options = {
      ...nextOptions,
      ...(persist && { persist: localPersistence({ scope: persist }) }),
      ...(tabs && { tabs: sharedTabs({ scope: tabs }) }),
    };
    flushSync(() => root.render(createElement(StrictMode, null, createElement(Viewer))));
  },
  renderSelecting(nextUrl: string) {
    url = nextUrl;
    flushSync(() => root.render(createElement(Selecting)));
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
