import type { Request } from 'express';
import type { SseProxyOptions } from '../../../packages/sse-proxy/src/types.ts';

/** Hooks that fail as the query says: `?authorize=throw`, `?limits=hang`, … */
export function hookedOptions(options: SseProxyOptions): Partial<SseProxyOptions> {
  const { target, observers = [] } = options;
  const fail = (): never => {
    throw new Error('a hook of the user failed');
  };
  const misbehave = (req: Request, hook: string): Promise<never> | undefined => {
    if (req.query[hook] === 'throw') fail();
    if (req.query[hook] === 'reject') return Promise.reject(new Error('a hook of the user rejected'));
    if (req.query[hook] === 'hang') return new Promise(() => {});
    return undefined;
  };
  return {
    target: (req) => misbehave(req, 'target') ?? (target as string),
    authorize: (req) => misbehave(req, 'authorize') ?? true,
    upstreamHeaders: (req) => misbehave(req, 'upstreamHeaders') ?? {},
    limits: { acquire: ({ req }) => misbehave(req, 'limits') ?? { ok: true, release: fail } },
    observers: [
      ...observers,
      { onOpen: fail, onClose: fail, onRefuse: fail, onError: fail, onResume: fail, onGap: fail, onEvict: fail },
      { onOpen: () => Promise.reject(new Error('an observer of the user rejected')) as unknown as undefined },
    ],
  };
}
