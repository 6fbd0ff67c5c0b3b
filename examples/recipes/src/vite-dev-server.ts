import { sseProxy } from '@datashop/sse-proxy';
import type { Plugin } from 'vite';

/**
 * A stream in Vite's dev server, at the path that it has in production. In `vite.config.ts`: `plugins:
 * [devStream(target)]`.
 */
export function devStream(target: string): Plugin {
  return {
    name: 'dev-stream',
    apply: 'serve',
    configureServer({ middlewares }) {
      middlewares.use('/sse/logs/stream', sseProxy({ target }));
    },
  };
}
