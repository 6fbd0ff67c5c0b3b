/** Rate and size of events, and number of browsers. */
export interface Shape {
  readonly browsers: number;
  /** Events per second for each browser. */
  readonly perSecond: number;
  readonly bytes: number;
  /** What the events are; undefined: something short. */
  readonly content?: 'log';
  /** True: browsers get their events one after another instead of all at once. */
  readonly spread: boolean;
  /** Number of feeds that the browsers are spread over, each with a stream of its own; undefined: all have the same. */
  readonly feeds?: number;
}

/** One kind of load, and its servers. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly kind: 'events' | 'idle' | 'storm' | 'connect' | 'logs';
  readonly shapes: readonly Shape[];
  /** The shapes of `--quick`, if they differ. */
  readonly quickShapes?: readonly Shape[];
  readonly servers: readonly string[];
  /** True: all servers run at the same time on the same core. */
  readonly atOnce?: boolean;
}

const shape = (browsers: number, perSecond: number, spread = false): Shape => ({
  browsers,
  perSecond,
  bytes: 300,
  spread,
});

/** Logs of one workflow for its listeners. */
const logs = (bytes: number, perSecond: number, browsers = 100): Shape => ({
  browsers,
  perSecond,
  bytes,
  content: 'log',
  spread: false,
});

/** The load of a shape of logs in words: it tells apart the shapes with the same number of listeners. */
export function loadOf({ bytes, perSecond, browsers, content }: Shape): string | undefined {
  if (content !== 'log') return undefined;
  const size = bytes < 1_000 ? `${bytes} B` : `${bytes / 1_000} kB`;
  return `${size}, ${perSecond.toLocaleString('en')} logs/s, ${browsers.toLocaleString('en')} listeners`;
}

const libraries = [
  'http-proxy-middleware',
  'http-proxy-3',
  'httpxy',
  'fastify-http-proxy',
  'express-http-proxy',
  'controller',
];
const dedicated = ['direct', 'ours', ...libraries, 'tcp-relay', 'nginx', 'haproxy'];
const shared = ['ours-shared', 'better-sse', 'express', 'floor', 'nchan'];

const overRedis = ['ours-shared', 'ours-redis', 'ours-redis-follower', 'better-sse-redis', 'nchan-redis'];

const fan = [shape(1_000, 20)];
const latency = [shape(100, 10, true)];
/** Browsers of many feeds, whose events come independently. */
const feeds = (count: number, each: number, perSecond: number): Shape => ({
  ...shape(count * each, perSecond, true),
  feeds: count,
});
const light = [shape(10, 10)];
const busy = [shape(100, 100)];

/** The peers of the log service that are written in Python. */
export const pythonServers = ['fastapi', 'fastapi-queue', 'flask'];

export const workloads: readonly Workload[] = [
  {
    name: 'light',
    title: '10 browsers, 10 events/s each',
    kind: 'events',
    shapes: light,
    servers: dedicated,
  },
  {
    name: 'latency',
    title: '1,000 events/s in all: 100 browsers, 10 events/s each, one after another',
    kind: 'events',
    shapes: latency,
    servers: dedicated,
  },
  {
    name: 'busy',
    title: '100 browsers, 100 events/s each',
    kind: 'events',
    shapes: busy,
    servers: [...dedicated, 'ours-observed'],
  },
  {
    name: 'fan',
    title: '1,000 browsers, 20 events/s each, one source',
    kind: 'events',
    shapes: fan,
    servers: ['direct', 'ours', ...shared, 'nginx'],
  },
  {
    name: 'busy-at-once',
    title: 'all servers at the same time on one core, each with 100 browsers, 20 events/s each',
    kind: 'events',
    shapes: [shape(100, 20)],
    servers: ['ours', ...libraries, 'tcp-relay', 'reads-and-writes', 'nginx', 'haproxy'],
    atOnce: true,
  },
  {
    name: 'latency-at-once',
    title: 'all servers at the same time on one core, each with 100 browsers, 10 events/s each, one after another',
    kind: 'events',
    shapes: latency,
    servers: dedicated,
    atOnce: true,
  },
  {
    name: 'fan-at-once',
    title: 'all servers at the same time on one core, each with 1,000 browsers, 5 events/s each, one source',
    kind: 'events',
    shapes: [shape(1_000, 5)],
    servers: shared,
    atOnce: true,
  },
  {
    name: 'fan-redis',
    title: 'as fan, in one of several processes that share the source over Redis',
    kind: 'events',
    shapes: fan,
    servers: overRedis,
  },
  {
    name: 'feeds-redis',
    title: '300 feeds with 9 browsers each, 10 events/s each, in one of several processes that share them over Redis',
    kind: 'events',
    shapes: [feeds(300, 9, 10)],
    quickShapes: [feeds(30, 9, 10)],
    servers: overRedis,
  },
  {
    name: 'source',
    title: '100 browsers, 1,000 events/s each: from one upstream connection, and from a source in the process',
    kind: 'events',
    shapes: [shape(100, 1_000)],
    servers: ['ours-shared', 'ours-source', 'floor'],
  },
  {
    name: 'source-at-once',
    title: 'both at the same time on one core: 100 browsers, 250 events/s each, from an upstream and from a source',
    kind: 'events',
    shapes: [shape(100, 250)],
    servers: ['ours-shared', 'ours-source'],
    atOnce: true,
  },
  {
    name: 'transform',
    title: '1,000 browsers, 20 events/s each, one source: redacted once for all, for each browser, and not at all',
    kind: 'events',
    shapes: fan,
    servers: ['ours-shared', 'ours-share-transform', 'ours-transform'],
  },
  {
    name: 'transform-at-once',
    title: 'the same at the same time on one core, 5 events/s each',
    kind: 'events',
    shapes: [shape(1_000, 5)],
    servers: ['ours-shared', 'ours-share-transform', 'ours-transform'],
    atOnce: true,
  },
  {
    name: 'idle',
    title: 'browsers connected, nothing to send but heartbeats, one a second where a server sends its own',
    kind: 'idle',
    shapes: [shape(10_000, 0)],
    quickShapes: [shape(1_000, 0)],
    servers: [
      'ours',
      'ours-shared',
      ...libraries,
      'better-sse',
      'express',
      'tcp-relay',
      'floor',
      'nginx',
      'nchan',
      'haproxy',
    ],
  },
  {
    name: 'storm',
    title: 'all browsers reconnect at once with Last-Event-ID, and have 50 events to catch up with',
    kind: 'storm',
    shapes: [shape(5_000, 20)],
    quickShapes: [shape(1_000, 20)],
    servers: ['ours', 'ours-shared', 'http-proxy-middleware', 'express'],
  },
  {
    name: 'scale',
    title: 'all servers at the same time on one core, with the same work per event, from few browsers to many',
    kind: 'events',
    shapes: [shape(10, 100), shape(100, 50), shape(1_000, 5), shape(10_000, 0.5)],
    quickShapes: [shape(10, 100), shape(100, 50), shape(1_000, 5)],
    servers: ['ours', 'ours-shared', 'better-sse', 'tcp-relay', 'floor'],
    atOnce: true,
  },
  {
    name: 'connect',
    title: 'browsers connect, 200 at a time',
    kind: 'connect',
    shapes: [shape(10_000, 0)],
    quickShapes: [shape(1_000, 0)],
    servers: ['ours', 'ours-shared', 'http-proxy-middleware', 'controller', 'tcp-relay', 'reads-and-writes', 'express'],
  },
  {
    name: 'logs',
    title: 'log service: the new logs of one workflow, as listeners get them',
    kind: 'logs',
    shapes: [320, 1_200].flatMap((bytes) => [20, 100, 1_000].map((perSecond) => logs(bytes, perSecond))),
    quickShapes: [logs(320, 100)],
    servers: ['log-stream', 'log-stream-sqlite', 'better-sse', ...pythonServers, 'bare-write'],
  },
  {
    name: 'log-sizes',
    title: 'log service: from small logs to large ones, from few to many',
    kind: 'logs',
    shapes: [
      logs(100, 10),
      logs(100, 5_000),
      logs(3_000, 1_000),
      logs(16_000, 10),
      logs(16_000, 200),
      logs(100, 100, 1_000),
      logs(1_200, 20, 1_000),
    ],
    quickShapes: [logs(3_000, 100)],
    servers: ['log-stream', 'bare-write'],
  },
];
