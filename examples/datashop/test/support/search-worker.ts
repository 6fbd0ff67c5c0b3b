import { parentPort } from 'node:worker_threads';

// Runs the page's worker in a thread, with the `self` that a browser would give it.
const self = {
  onmessage: (_event: { data: unknown }) => {},
  postMessage: (reply: unknown) => parentPort?.postMessage(reply),
};
Object.assign(globalThis, { self });
await import('../../web/src/stream/state/search.worker.ts');
parentPort?.on('message', (data) => self.onmessage({ data }));
