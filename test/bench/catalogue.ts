import { findNginx, findProgram, findPython } from './installed.ts';

/** One server that is measured. */
export interface Server {
  readonly name: string;
  /** Its name in the tables. */
  readonly label: string;
  /** `library`: an alternative to sse-proxy. `reference`: a bound, or another kind of program. */
  readonly kind: 'ours' | 'library' | 'reference';
  /** File in `servers/`; undefined: browsers connect to the upstream. */
  readonly script?: string;
  readonly flags?: () => string[];
  /** npm package whose version the report names. */
  readonly package?: string;
  /** Python modules whose versions the report names. */
  readonly pythonModules?: readonly string[];
  /** True if all browsers of a feed share one upstream connection. */
  readonly shared?: boolean;
  /** True if a Redis is started for it. */
  readonly needsRedis?: boolean;
  /** Role among several processes that share feeds over Redis: the one that reads the upstreams, or another one. */
  readonly role?: 'leader' | 'follower';
  readonly path?: string;
  /** Path to which the upstream publishes, because the server does not read the upstream's stream. */
  readonly publishTo?: string;
  /** True if it sends its own heartbeats. */
  readonly beats?: boolean;
  /** Why it can't be measured on this machine, and how to change that; undefined if it can. */
  readonly missing?: () => string | undefined;
}

const nginx = findNginx();
const haproxy = findProgram('haproxy');
const redis = findProgram('redis-server');
const debian = (what: string, name: string) => `${what} is not installed (Debian: apt-get install ${name})`;

const nchan = {
  kind: 'reference',
  script: 'nginx.ts',
  flags: () => [nginx?.path ?? '', nginx?.nchanModule ?? ''],
  shared: true,
  path: '/subscribe',
  publishTo: '/publish',
} as const;

const all: readonly Server[] = [
  { name: 'direct', label: 'no proxy', kind: 'reference' },
  { name: 'ours', label: 'sse-proxy', kind: 'ours', script: 'ours.ts', beats: true },
  {
    name: 'ours-shared',
    label: 'sse-proxy, shared',
    kind: 'ours',
    script: 'ours.ts',
    flags: () => ['shared'],
    shared: true,
    beats: true,
  },
  overRedis('ours-redis', 'leader'),
  overRedis('ours-redis-follower', 'follower'),
  {
    name: 'ours-source',
    label: 'sse-proxy, shared, from a source',
    kind: 'ours',
    script: 'ours.ts',
    flags: () => ['source'],
    shared: true,
    beats: true,
  },
  {
    name: 'ours-share-transform',
    label: 'sse-proxy, shared, share.transform',
    kind: 'ours',
    script: 'ours.ts',
    flags: () => ['shared', 'share-transform'],
    shared: true,
    beats: true,
  },
  {
    name: 'ours-transform',
    label: 'sse-proxy, shared, transform',
    kind: 'ours',
    script: 'ours.ts',
    flags: () => ['shared', 'transform'],
    shared: true,
    beats: true,
  },
  {
    name: 'ours-observed',
    label: 'sse-proxy with metrics and logs',
    kind: 'ours',
    script: 'ours.ts',
    flags: () => ['observed'],
    beats: true,
  },
  {
    name: 'ours-shared-observed',
    label: 'sse-proxy with metrics and logs, shared',
    kind: 'ours',
    script: 'ours.ts',
    flags: () => ['shared', 'observed'],
    shared: true,
    beats: true,
  },
  library('http-proxy-middleware'),
  library('http-proxy-3'),
  library('httpxy'),
  library('@fastify/http-proxy', 'fastify-http-proxy'),
  library('express-http-proxy'),
  { ...library('better-sse'), shared: true, path: '/sse/logs/stream', beats: true },
  {
    ...library('better-sse', 'better-sse-redis'),
    label: 'better-sse, Redis',
    shared: true,
    beats: true,
    needsRedis: true,
    missing: missingRedis,
  },
  { name: 'controller', label: 'http.request + res.write', kind: 'library', script: 'controller.ts' },
  {
    name: 'express',
    label: 'a bare Express handler',
    kind: 'reference',
    script: 'express.ts',
    package: 'express',
    shared: true,
  },
  { name: 'tcp-relay', label: 'a TCP relay in Node', kind: 'reference', script: 'tcp-relay.ts' },
  {
    name: 'reads-and-writes',
    label: 'only reads and writes, in Node',
    kind: 'reference',
    script: 'reads-and-writes.ts',
  },
  {
    name: 'floor',
    label: 'only the writes, in Node',
    kind: 'reference',
    script: 'floor.ts',
    shared: true,
    beats: true,
  },
  logStream('log-stream', 'log-stream', 'memory'),
  logStream('log-stream-sqlite', 'log-stream with SQLite', 'sqlite'),
  python('fastapi', 'FastAPI, uvicorn, polling', ['fastapi', 'uvicorn']),
  python('fastapi-queue', 'FastAPI, uvicorn, a queue each', ['fastapi', 'uvicorn']),
  python('flask', 'Flask, gunicorn, polling', ['flask', 'gunicorn']),
  {
    name: 'bare-write',
    label: 'a bare res.write loop',
    kind: 'reference',
    script: 'bare-write.ts',
    package: 'express',
    shared: true,
  },
  {
    name: 'nginx',
    label: 'nginx',
    kind: 'reference',
    script: 'nginx.ts',
    flags: () => [nginx?.path ?? ''],
    missing: () => (nginx ? undefined : debian('nginx', 'nginx')),
  },
  { ...nchan, name: 'nchan', label: 'nginx + nchan', missing: missingNchan },
  {
    ...nchan,
    name: 'nchan-redis',
    label: 'nginx + nchan, Redis',
    needsRedis: true,
    missing: () => missingNchan() ?? missingRedis(),
  },
  {
    name: 'haproxy',
    label: 'HAProxy',
    kind: 'reference',
    script: 'haproxy.ts',
    flags: () => [haproxy ?? ''],
    missing: () => (haproxy ? undefined : debian('HAProxy', 'haproxy')),
  },
];

function missingRedis(): string | undefined {
  return redis ? undefined : debian('Redis', 'redis-server');
}

function missingNchan(): string | undefined {
  return nginx?.nchanModule ? undefined : debian("nginx's module nchan", 'libnginx-mod-nchan');
}

/** This process leads all feeds, or another one does. All browsers are this one's. */
function overRedis(name: string, role: 'leader' | 'follower'): Server {
  const label = `sse-proxy, shared over Redis, ${role}`;
  const common = { kind: 'ours', script: 'ours.ts', flags: () => ['shared'], shared: true, beats: true } as const;
  return { name, label, ...common, needsRedis: true, role, missing: missingRedis };
}

function library(packageName: string, name = packageName): Server {
  return { name, label: packageName, kind: 'library', script: `${name}.ts`, package: packageName };
}

function logStream(name: string, label: string, store: 'memory' | 'sqlite'): Server {
  const path = '/wfm/workflow/workspace/ws/workflow/wf/logs/stream';
  return { name, label, kind: 'ours', script: 'log-stream.ts', flags: () => [store], shared: true, path };
}

function python(name: string, label: string, modules: readonly string[]): Server {
  return {
    name,
    label,
    kind: 'reference',
    script: 'python.ts',
    flags: () => [findPython(modules) ?? '', name],
    pythonModules: modules,
    shared: true,
    path: '/logs/stream',
    missing: () =>
      findPython(modules)
        ? undefined
        : debian(`the Python module ${modules.join(' or ')}`, modules.map((module) => `python3-${module}`).join(' ')),
  };
}

/** All servers, in the order of the tables. */
export const servers: ReadonlyMap<string, Server> = new Map(all.map((server) => [server.name, server]));

/** @throws Error if there is no server of this name */
export function serverNamed(name: string): Server {
  const server = servers.get(name);
  if (!server) throw new Error(`no server is called ${name}`);
  return server;
}
