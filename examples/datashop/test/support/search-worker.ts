import { parentPort } from 'node:worker_threads';

// Gives the page's worker, as it is, what a browser would: `self` with messages.
const self = {
  onmessage: (_event: { data: unknown }) => {},
  postMessage: (reply: unknown) => parentPort?.postMessage(reply),
};
Object.assign(globalThis, { self });
await import('../../web/src/stream/state/search.worker.ts');
parentPort?.on('message', (data) => self.onmessage({ data }));
