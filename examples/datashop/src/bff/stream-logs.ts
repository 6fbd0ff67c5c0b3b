import {
  type FeedRelay,
  type SseObserver,
  type SseProxyRouter,
  type StreamLimiter,
  type StreamLimits,
  sseRouter,
} from '@datashop/sse-proxy';
import { streamPath, upstreamLogsPath } from '../demo.ts';
import { Problem } from './problem.ts';
import { namedWorkflow, requestedWorkflow } from './requested-workflow.ts';
import { stillSignedIn } from './session.ts';

/** The log service enforces the limits per user and workflow, because all instances of this server use it. */
export const streamLimits: StreamLimits = {
  total: 1_000,
  rules: [{ name: 'session', key: (req) => req.sessionID, max: 10, opensPerMinute: 120 }],
};

export interface StreamLogsOptions {
  /** Origin of the log service, and the bearer token that it expects. */
  upstream: string;
  token: string;
  /** Longest silence of a stream, in milliseconds. @defaultValue the proxy's */
  heartbeatMs?: number | undefined;
  observers: SseObserver[];
  limits: StreamLimits | StreamLimiter;
  /**
   * Shares the upstream's streams with other instances.
   * @defaultValue each browser has an upstream stream of its own
   */
  relay?: FeedRelay | undefined;
}

/** Proxies the live logs from the log service to the browser, through this origin. */
export function streamLogs({
  upstream,
  token,
  heartbeatMs,
  observers,
  limits,
  relay,
}: StreamLogsOptions): SseProxyRouter {
  return sseRouter(
    {
      [streamPath]: {
        name: streamPath,
        target: (req) => {
          const workflow = requestedWorkflow(req, req.session.user);
          if (!workflow) throw new Problem(403, 'You may not read the logs of this workflow.');
          return `${upstream}${upstreamLogsPath(workflow)}/stream`;
        },
        forwardQuery: ['log_level', 'search', 'history'],
      },
    },
    {
      // Checked again while a stream is open, because its session may expire.
      authorize: async (req) => {
        const user = await stillSignedIn(req);
        if (!user) return false;
        const workflow = requestedWorkflow(req, user.key);
        // The access and audit logs name the requested workflow even if it is refused.
        const { workspaceID, workflowID } = workflow ?? namedWorkflow(req);
        return { ...user, fields: { workspace: workspaceID, workflow: workflowID }, allowed: workflow !== undefined };
      },
      reauthorizeMs: 15_000,
      // The log service authenticates this server, and checks the rights of the user whom it names. No credential of
      // the browser is forwarded. Browsers share a stream only if their upstream requests are equal, so with a relay no
      // field is forwarded that differs between them.
      forwardHeaders: relay ? [] : ['traceparent', 'tracestate', 'x-request-id'],
      upstreamHeaders: (req) => ({ authorization: `Bearer ${token}`, 'x-user-id': req.session.user ?? '' }),
      ...(heartbeatMs !== undefined && { heartbeatMs }),
      observers,
      limits,
      share: relay ? { relay } : false,
    },
  );
}
