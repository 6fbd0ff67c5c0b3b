import { type RequestHandler, Router } from 'express';

const PROBE_TIMEOUT_MS = 1_000;

export interface Health {
  router: RequestHandler;
  /** From now on /readyz says 503, so that a load balancer sends nobody here any more. */
  drain(): void;
}

/** `/healthz`: the process lives. `/readyz`: it can serve, so it isn't draining and the log service answers. */
export function health(upstream: string): Health {
  let draining = false;
  const router = Router();
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    const status = draining ? 'draining' : (await answers(`${upstream}/healthz`)) ? 'ready' : 'upstream-down';
    res.status(status === 'ready' ? 200 : 503).json({ status });
  });
  return {
    router,
    drain: () => {
      draining = true;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS), redirect: 'manual' });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
