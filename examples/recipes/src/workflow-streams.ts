import { sseProxy } from '@datashop/sse-proxy';
import type { Request } from 'express';

/** What the route needs from the server around it. */
export interface WorkflowStreams {
  /** The log service's origin. */
  readonly logs: string;
  /** The signed-in user; undefined if there is none. */
  readonly userOf: (req: Request) => string | undefined;
  readonly mayRead: (user: string, workspace: string, workflow: string) => boolean | Promise<boolean>;
  /** A token of this server's own for the log service. It is asked for at each connect, so it may expire. */
  readonly token: () => Promise<string>;
}

/**
 * Mount it at `/workspaces/:workspace/workflows/:workflow/logs/stream`. All users of a workflow share one upstream
 * connection: each is checked here, and the log service sees this server only.
 */
export function workflowStreams({ logs, userOf, mayRead, token }: WorkflowStreams) {
  return sseProxy({
    target: `${logs}/workspace/:workspace/workflow/:workflow/logs/stream`,
    authorize: async (req) => {
      const user = userOf(req);
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
    limits: { rules: [{ name: 'user', max: 10 }] },
  });
}
