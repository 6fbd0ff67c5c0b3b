import { type RequestHandler, Router } from 'express';

const probeTimeoutMs = 1_000;
/** The result of a probe is used for this long, so that requests to /readyz can't flood the log service. */
const probeValidMs = 1_000;

export interface Health {
  router: RequestHandler;
  /** Makes /readyz respond 503 from now on, so that a load balancer sends no new requests here. */
  drain(): void;
}

/** `/healthz`: the process runs. `/readyz`: it is not draining, and the log service responds. */
export function health(upstream: string): Health {
  let draining = false;
  const probe = cached(() => isHealthy(`${upstream}/healthz`));
  const router = Router();
  router.use(['/healthz', '/readyz'], (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    const isUp = draining || (await probe());
    // Read again: the drain may have begun during the probe.
    const status = draining ? 'draining' : isUp ? 'ready' : 'upstream-down';
    res.status(status === 'ready' ? 200 : 503).json({ status });
  });
  return {
    router,
    drain: () => {
      draining = true;
    },
  };
}

/** Calls `ask` at most once at a time, and once in {@link probeValidMs}. */
function cached(ask: () => Promise<boolean>): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let validUntil = 0;
  return () => {
    if (answer && performance.now() < validUntil) return answer;
    validUntil = Number.POSITIVE_INFINITY;
    answer = ask().finally(() => {
      validUntil = performance.now() + probeValidMs;
    });
    return answer;
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
