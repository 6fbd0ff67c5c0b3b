import type { Document } from 'mongodb';

/** What is wrong with the plan by which the server reads the newest logs of a workflow, in words. */
export function problemOfPlan({ queryPlanner }: Document): string | undefined {
  const plan = JSON.stringify(queryPlanner?.winningPlan ?? {});
  if (plan.includes('"COLLSCAN"')) return 'scans the whole collection';
  if (plan.includes('"SORT"')) return 'sorts all logs of the workflow';
  // Without our index, the one of _id gives the order.
  return plan.includes('"keyPattern":{"_id"') ? 'reads the ids of all workflows' : undefined;
}
