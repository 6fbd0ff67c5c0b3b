/** The text of `--help`. */
export const usage = `Usage: log-stream [--help] [--version]

Serves pipeline logs over REST and as a resumable event stream (SSE).

  GET /wfm/workflow/workspace/<workspace>/workflow/<workflow>/logs          a page of a workflow's logs
  GET /wfm/workflow/workspace/<workspace>/workflow/<workflow>/logs/stream   its event stream
  GET /healthz   the store can be read
  GET /readyz    the same, and the service is not shutting down

Environment variables:
  SQLITE_PATH           file of the logs, created if missing. This or MONGODB_URI is required
  MONGODB_URI           server of the logs and their database; needs the package mongodb
  MONGODB_COLLECTION    collection of the logs (logs)
  MONGODB_CREATE_INDEX  true: create the index that the reads need, if it is missing, while logs are served (false)
  REDIS_URL             with MONGODB_URI: look for new logs at each message on logs:<workspace>:<workflow>; needs the
                        package redis
  PORT                  port to listen on; 0: any free one (8610)
  HOST                  address to listen on (0.0.0.0; without SSE_TOKEN 127.0.0.1)
  METRICS_PORT          port of /metrics for Prometheus; 0: any free one; left out: there are no metrics. Needs the packages
                        @datashop/sse-metrics and prom-client
  METRICS_HOST          address of that port (127.0.0.1)
  SSE_TOKEN             bearer token that every request except the probes must carry; left out: none is needed
  SSE_POLL_INTERVAL     seconds between two polls for logs of other processes (SQLite 0.1, MongoDB 1)
  SSE_ENABLED           false: pages only, no streams (true)

Limits: 10 streams for each workflow; 5 opened a minute and 100 an hour for each value of the request header X-User-Id,
which the server in front of this service sets.

Prints one line of JSON for each event: listening, open, refuse, gap, evict, close, index, error, stopped.
SIGTERM ends all streams after a whole event, then the process. The exit code is 2 for a wrong variable or argument.
`;
