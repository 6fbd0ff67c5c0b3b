import { createElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import type { EventStreamOptions } from '../../../src/index.ts';
import { useEventStream } from '../../../src/react.ts';

declare global {
  interface Window {
    react: typeof mountable;
  }
}

function Count({ url, options }: { url: string; options: EventStreamOptions }) {
  mountable.renders++;
  const { status, counts, lastEventId } = useEventStream(url, options);
  return createElement('p', { 'data-status': status }, `${counts.total} to ${lastEventId}`);
}

let root: Root | undefined;

/** A component that uses the hook and counts its renders. */
export const mountable = {
  renders: 0,
  mount(url: string, options: EventStreamOptions) {
    root = createRoot(document.body);
    root.render(createElement(Count, { url, options }));
  },
  unmount: () => root?.unmount(),
};
