import { type LogStore, type LogStreamObserver, type LogStreamRouter, logStreamRouter } from '@datashop/log-stream';
import { readableWorkflow } from './access.ts';
import { count } from './environment.ts';

/**
 * Creates the log service's routes. It has no sessions: the bearer token identifies the BFF, and X-User-Id is the user
 * for whom the BFF asks. Both check the user's rights, so that a mistake in one of them opens nothing.
 */
export function logService(store: LogStore, token: string, observers: LogStreamObserver[] = []): LogStreamRouter {
  return logStreamRouter({
    store,
    token,
    observers,
    // The BFF sends the browsers a reconnection time of its own.
    retryMs: false,
    authorize: (req, scope) => {
      const user = req.get('x-user-id');
      if (!user) return 401;
      return { key: user, allowed: readableWorkflow(user, scope) !== undefined };
    },
    limits: {
      rules: [
        {
          name: 'workflow',
          key: (_req, { workspaceID, workflowID }) => `${workspaceID}/${workflowID}`,
          max: count('STREAMS_PER_WORKFLOW', 10),
        },
        { name: 'user', opensPerMinute: count('OPENS_PER_MINUTE', 5), opensPerHour: count('OPENS_PER_HOUR', 100) },
      ],
    },
  });
}
