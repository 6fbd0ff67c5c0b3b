// The pages of the site, by what a reader wants to do: the sidebar, llms.txt, and the test that no page is forgotten.

/** The repository's address; a page's links to what is no page lead there. */
export const repository = 'https://github.com/datashop/sse';

/**
 * Task → [page, title, what it answers].
 * @type {Record<string, [page: string, title: string, answers: string][]>}
 */
export const navigation = {
  Start: [
    ['README.md', 'Overview', 'what this is, and what is where'],
    ['packages/sse-proxy/README.md', 'Server: sse-proxy', 'quick start and every option of the Express middleware'],
    ['packages/sse-client/README.md', 'Browser: sse-client', 'the store for one live stream, and the React hook'],
    ['examples/minimal/README.md', 'Minimal example', 'the whole set-up in under 15 lines'],
    [
      'examples/datashop/README.md',
      'Complete example',
      'pipeline, log service, server, and log viewer under a strict CSP',
    ],
    [
      'docs/migrate-from-a-controller.md',
      'Migrate a controller',
      'what each line of a hand-written controller becomes',
    ],
    [
      'docs/migrate-from-http-proxy-middleware.md',
      'Migrate from http-proxy-middleware',
      'each of its options, and its counterpart',
    ],
    ['docs/migrate-from-better-sse.md', 'Migrate from better-sse', 'what its sessions and channels become'],
    ['docs/recipes.md', 'Recipes', 'one tested file for each idea'],
    ['examples/recipes/README.md', 'Recipes to copy', 'the files of the recipes'],
  ],
  'Connect an upstream': [
    ['docs/upstreams.md', 'Upstreams', 'what a lossless stream needs from FastAPI, Flask, Express and others'],
    [
      'docs/sources.md',
      'Sources',
      'events from a function, a file, a table or an emitter in place of an HTTP upstream',
    ],
    [
      'packages/log-stream/README.md',
      'Log service: log-stream',
      'pipeline logs over REST and SSE, from SQLite or MongoDB',
    ],
    ['docs/mongodb.md', 'Logs in MongoDB', 'how the log service finds what other programs insert'],
    ['examples/sources/README.md', 'Sources to copy', 'NDJSON, a pod’s log, an emitter, a table, a file that grows'],
    ['examples/upstreams/README.md', 'Upstreams to copy', 'log services that lose nothing when they are killed'],
  ],
  'Find a fault': [
    ['docs/troubleshooting.md', 'Troubleshooting', 'by symptom, with the one command that tells'],
    ['docs/errors.md', 'Error codes', 'each code: cause and cure'],
    ['docs/runbook.md', 'Runbook', 'what to look at when something breaks at night'],
    ['docs/tracing-and-logs.md', 'Traces, logs and audit', 'OpenTelemetry, warnings, what never appears in a log'],
    ['packages/sse-metrics/README.md', 'Metrics: sse-metrics', 'Prometheus metrics, admin page, access and audit log'],
  ],
  'Put into production': [
    ['docs/deploy.md', 'Deploy', 'images, compose, Kubernetes, systemd; probes and drain'],
    ['docs/behind-a-load-balancer.md', 'Behind a load balancer', 'nginx, HAProxy, Caddy, ALB and CDN'],
    ['docs/several-instances.md', 'Several instances', 'what works without Redis, and what Redis adds'],
    ['packages/sse-redis/README.md', 'Redis: sse-redis', 'limits and shared feeds across instances'],
    ['examples/cluster/README.md', 'One process per core', 'several processes behind one port, without Redis'],
    ['docs/environments.md', 'Environments', 'Express, connect, Vite, middie, Nest, HTTP/2, TLS'],
    ['docs/recovery.md', 'Disaster recovery', 'what is lost without each part, and what to do'],
    ['docs/upgrade.md', 'Upgrade', 'in which order, and what an old page meets'],
  ],
  'Decide whether to trust it': [
    ['docs/why-not.md', 'Why not …?', 'beside its alternatives, and when not to use it'],
    [
      'docs/compatibility.md',
      'Compatibility',
      'what it was tried with: Express, Node, TypeScript, middleware, runners',
    ],
    ['docs/never-run.md', 'What was never run', 'and what was run in its place'],
    ['docs/contract.md', 'Contract', 'the rules that every stream obeys, and what happens at each fault'],
    ['test/faults/REPORT.md', 'Fault tests', 'events lost, gaps and recovery times at each fault'],
    ['docs/conformance.md', 'Conformance', 'what independent suites say'],
    ['docs/performance.md', 'Performance', 'measured beside alternatives'],
    ['docs/where-the-time-goes.md', 'Where the time goes', 'CPU per event, step by step'],
    ['docs/capacity.md', 'Capacity', 'how many streams one machine carries'],
    ['docs/threat-model.md', 'Threat model', 'who can attack what, and which test covers the defence'],
    ['docs/dependencies.md', 'Dependencies', 'why each, its licence and size, what would replace it'],
    ['SECURITY.md', 'Security', 'how to report a vulnerability'],
  ],
  'API reference': [
    ['site/api/sse-proxy/src.md', 'sse-proxy', 'every export of @datashop/sse-proxy'],
    ['site/api/sse-client/src.md', 'sse-client', 'every export of @datashop/sse-client'],
    ['site/api/sse-client/src/events.md', 'sse-client/events', 'every export of @datashop/sse-client/events'],
    ['site/api/sse-client/src/parse.md', 'sse-client/parse', 'every export of @datashop/sse-client/parse'],
    ['site/api/sse-client/src/persist.md', 'sse-client/persist', 'every export of @datashop/sse-client/persist'],
    ['site/api/sse-client/src/react.md', 'sse-client/react', 'every export of @datashop/sse-client/react'],
    ['site/api/sse-client/src/tabs.md', 'sse-client/tabs', 'every export of @datashop/sse-client/tabs'],
    ['site/api/sse-metrics/src.md', 'sse-metrics', 'every export of @datashop/sse-metrics'],
    ['site/api/sse-redis/src.md', 'sse-redis', 'every export of @datashop/sse-redis'],
    ['site/api/log-stream/src.md', 'log-stream', 'every export of @datashop/log-stream'],
    ['site/api/log-stream/src/stores/mongo.md', 'log-stream/mongo', 'every export of @datashop/log-stream/mongo'],
  ],
  Contribute: [
    ['CONTRIBUTING.md', 'Contributing', 'commands, a map of the source, house rules, releases'],
    ['CODE_OF_CONDUCT.md', 'Code of conduct', 'how we treat each other'],
    ['CHANGELOG.md', 'Changelog', 'what changed; each package has its own'],
    ['packages/sse-proxy/CHANGELOG.md', 'Changes of sse-proxy', 'by version'],
    ['packages/sse-client/CHANGELOG.md', 'Changes of sse-client', 'by version'],
    ['packages/sse-metrics/CHANGELOG.md', 'Changes of sse-metrics', 'by version'],
    ['packages/sse-redis/CHANGELOG.md', 'Changes of sse-redis', 'by version'],
    ['packages/log-stream/CHANGELOG.md', 'Changes of log-stream', 'by version'],
  ],
};

/** Paths of all pages in the repository. */
export const pages = Object.values(navigation).flatMap((entries) => entries.map(([page]) => page));

/** Where a page is on the site: `docs/errors.md` is `errors.md`, a README is its folder's index. */
export function placeOf(page) {
  const place = page.replace(/^(docs|site)\//, '').replace(/^(api\/[\w-]+)\/src(\/stores)?/, '$1');
  return place.replace(/(^|\/)README\.md$/, '$1index.md');
}
