import { type SseObserver, sseProxy } from '@datashop/sse-proxy';
import type { Request } from 'express';

/** What the route needs from the server around it. */
export interface WorkflowStreams {
  /** The log service's origin. */
  readonly logs: string;
  /**
   * The signed-in user as the session's store has it now, undefined if there is none. It is called again while the
   * stream is open, when `req.session` is still what it was at the request: reload it.
   */
  readonly userOf: (req: Request) => string | undefined | Promise<string | undefined>;
  readonly mayRead: (user: string, workspace: string, workflow: string) => boolean | Promise<boolean>;
  /** A token of this server's own for the log service. It is asked for at each connect, so it may expire. */
  readonly token: () => Promise<string>;
  /** For metrics and logs. */
  readonly observers?: SseObserver[];
}

/**
 * Mount it at `/sse/workspaces/:workspace/workflows/:workflow/logs`. All users of a workflow share one upstream
 * connection: each user is checked here, and the log service sees only this server.
 */
export function workflowStreams({ logs, userOf, mayRead, token, observers = [] }: WorkflowStreams) {
  return sseProxy({
    target: `${logs}/workspace/:workspace/workflow/:workflow/logs/stream`,
    authorize: async (req) => {
      const user = await userOf(req);
      if (user === undefined) return false;
      const { workspace, workflow } = req.params as { workspace: string; workflow: string };
      return { key: user, fields: { workspace, workflow }, allowed: await mayRead(user, workspace, workflow) };
    },
    // A user who loses the right, or signs out, loses the stream.
    reauthorizeMs: 60_000,
    // The browser's own credentials stay here.
    forwardHeaders: [],
    upstreamHeaders: async () => ({ authorization: `Bearer ${await token()}` }),
    share: true,
    observers,
    limits: { rules: [{ name: 'user', max: 10 }] },
  });
}
