/** The demo's only workspace and workflow; Datashop reads them from the page's address. */
export const demoWorkspace = 'datashop-demo';
export const demoWorkflow = 'l5-etl';

/** Path of the logs at the log service: pages. Its `/stream` sends events. */
export const upstreamLogsPath = `/wfm/workflow/workspace/${demoWorkspace}/workflow/${demoWorkflow}/logs`;

/** Paths of the same on the BFF's origin. */
export const logsPath = '/dapadmin/l5-etl/logs';
export const streamPath = '/dapadmin/l5-etl/sse/logs/stream';
