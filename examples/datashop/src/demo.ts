/** The one workflow of the demo; in Datashop these come from the page's address. */
export const WORKSPACE = 'datashop-demo';
export const WORKFLOW = 'l5-etl';

/** Where the log service has them. Its `/logs` answers with pages, its `/logs/stream` with events. */
export const UPSTREAM_LOGS = `/wfm/workflow/workspace/${WORKSPACE}/workflow/${WORKFLOW}/logs`;

/** Where the browser finds them: on its own origin. */
export const BFF_LOGS = '/dapadmin/l5-etl/logs';
export const BFF_STREAM = '/dapadmin/l5-etl/sse/logs/stream';
