/** A workflow whose logs the log service keeps. */
export interface Workflow {
  readonly workspaceID: string;
  readonly workflowID: string;
}

/** The demo's workflows. Each runs one job of the pipeline repeatedly. */
export const workflows = {
  movies: { workspaceID: 'datashop-demo', workflowID: 'l5-etl' },
  penguins: { workspaceID: 'datashop-demo', workflowID: 'penguin-survey' },
  earthquakes: { workspaceID: 'seismology', workflowID: 'earthquakes' },
} as const satisfies Record<string, Workflow>;

/** The demo's users. The first one is signed in by a visit to the page. */
export const users = ['ada', 'grace'] as const;
export type User = (typeof users)[number];

/** Path of a workflow's logs at the log service: pages. Its `/volume` counts them, and its `/stream` sends events. */
export function upstreamLogsPath({ workspaceID, workflowID }: Workflow): string {
  const [workspace, workflow] = [encodeURIComponent(workspaceID), encodeURIComponent(workflowID)];
  return `/wfm/workflow/workspace/${workspace}/workflow/${workflow}/logs`;
}

/** Paths on the BFF's origin. The query parameters `workspace` and `workflow` select the user's workflow. */
export const logsPath = '/dapadmin/l5-etl/logs';
/** How many logs there are, by level and time. */
export const volumePath = `${logsPath}/volume`;
export const streamPath = '/dapadmin/l5-etl/sse/logs/stream';
/** Path of the page that shows the open streams. */
export const adminPath = '/dapadmin/streams';
