import type { Request } from 'express';
import { readableWorkflow, workflowsOf } from '../access.ts';
import type { Workflow } from '../demo.ts';

/**
 * Returns the workflow that a request names by `workspace` and `workflow`, or the user's first one if it names none.
 * Undefined if the user may not read it. The result comes from the table of rights, so nothing that the browser sent
 * becomes part of a path.
 */
export function requestedWorkflow(req: Request, user: string | undefined): Workflow | undefined {
  const query = queryOf(req);
  const workspaces = query.getAll('workspace');
  const workflows = query.getAll('workflow');
  if (workspaces.length === 0 && workflows.length === 0) return workflowsOf(user)[0];
  // Of repeated parameters, another reader might use the other one.
  if (workspaces.length > 1 || workflows.length > 1) return undefined;
  return readableWorkflow(user, { workspaceID: workspaces[0], workflowID: workflows[0] });
}

/** The ids that a request names, whether they exist or not: for logs only. */
export function namedWorkflow(req: Request): Partial<Workflow> {
  const query = queryOf(req);
  const [workspaceID, workflowID] = [query.get('workspace'), query.get('workflow')];
  return { ...(workspaceID !== null && { workspaceID }), ...(workflowID !== null && { workflowID }) };
}

function queryOf(req: Request): URLSearchParams {
  const start = req.originalUrl.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : req.originalUrl.slice(start));
}
