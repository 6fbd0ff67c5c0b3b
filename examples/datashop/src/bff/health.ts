import { type RequestHandler, Router } from 'express';

const probeTimeoutMs = 1_000;

export interface Health {
  router: RequestHandler;
  /** Makes /readyz respond 503 from now on, so that a load balancer sends no new requests here. */
  drain(): void;
}

/** `/healthz`: the process runs. `/readyz`: it is not draining, and the log service responds. */
export function health(upstream: string): Health {
  let draining = false;
  const router = Router();
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    const status = draining ? 'draining' : (await isHealthy(`${upstream}/healthz`)) ? 'ready' : 'upstream-down';
    res.status(status === 'ready' ? 200 : 503).json({ status });
  });
  return {
    router,
    drain: () => {
      draining = true;
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(probeTimeoutMs), redirect: 'manual' });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
