import { type User, users, type Workflow, workflows } from './demo.ts';

/** Who may read what. A real Datashop asks its own directory. The BFF and the log service both use this table. */
const readable: Record<User, readonly Workflow[]> = {
  ada: [workflows.movies, workflows.penguins],
  grace: [workflows.earthquakes],
};

/** Who may see the streams of all users. */
const operators: readonly User[] = ['ada'];

export function isOperator(name: string | undefined): boolean {
  return operators.some((user) => user === name);
}

export function isUser(name: string | undefined): name is User {
  return users.some((user) => user === name);
}

/** The workflows that a user may read; none for an unknown name. */
export function workflowsOf(user: string | undefined): readonly Workflow[] {
  return isUser(user) ? readable[user] : [];
}

/**
 * Returns the workflow if the user may read it. Ids are compared exactly. The result is the same for a foreign workflow
 * and for one that does not exist, so nobody can find out which ids exist.
 */
export function readableWorkflow(
  user: string | undefined,
  { workspaceID, workflowID }: { workspaceID: string | undefined; workflowID: string | undefined },
): Workflow | undefined {
  return workflowsOf(user).find((known) => known.workspaceID === workspaceID && known.workflowID === workflowID);
}
