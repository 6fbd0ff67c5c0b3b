import { createRequire } from 'node:module';
import util from 'node:util';
import type express from 'express';
import { SseProxyError } from './errors.ts';

/**
 * Express, loaded when the first router is made: everything else of this package runs without it. [R45]
 *
 * @throws SseProxyError `ERR_SSE_OPTION` if Express is not installed
 */
export function loadExpress(): typeof express {
  try {
    // The ES module has no `require`, and the CommonJS build of this file could not contain `import.meta`.
    if (typeof require === 'function') return require('express');
    const [here] = util.getCallSites(1);
    return createRequire(here?.scriptName ?? process.cwd())('express');
  } catch (cause) {
    const message =
      'sse-proxy option routes: expected Express 4.18 or newer to be installed, got none (sseProxy runs without it)';
    throw new SseProxyError('ERR_SSE_OPTION', { message, cause });
  }
}
