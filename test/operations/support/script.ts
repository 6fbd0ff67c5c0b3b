import type { RawBrowser } from '../../../packages/sse-proxy/test/support/browser.ts';
import { flood, reader } from '../../../packages/sse-proxy/test/support/flood.ts';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import type { UpstreamRequestSeen } from '../../../packages/sse-proxy/test/support/upstream.ts';
import type { RedisServer } from '../../../packages/sse-redis/test/support/redis-server.ts';
import { limits, type Scenario, startScenario, type Visitor } from './scenario.ts';

/** An open stream: the browser's side and the upstream's. */
export interface OpenedStream {
  readonly browser: RawBrowser;
  request: UpstreamRequestSeen;
}

/**
 * The steps of a scripted run. Each step also notes which series it changes, and by how much: `expected` is what
 * `/metrics` must show.
 */
export class Script {
  readonly scenario: Scenario;
  readonly expected = new Map<string, number>();
  readonly browsers: RawBrowser[] = [];
  #redis: RedisServer | undefined;
  #events = 0;
  #streams = 0;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
  }

  static async start(): Promise<Script> {
    return new Script(await startScenario());
  }

  #note(series: string, change = 1): void {
    this.expected.set(series, (this.expected.get(series) ?? 0) + change);
  }

  /** Opens a stream of the route `logs`. */
  async open(visitor: Visitor = {}): Promise<OpenedStream> {
    const next = this.scenario.upstream.requests.length;
    const route = visitor.route ?? 'logs';
    const workflow = visitor.workflow ?? `stream-${++this.#streams}`;
    const browser = await this.scenario.visit({ ...visitor, workflow }).opened();
    if (route === 'logs') this.browsers.push(browser);
    this.#note(`active_sse_connections{route="${route}"}`);
    if (visitor.headers?.['Last-Event-ID']) this.#note(`sse_reconnection_attempts_total{route="${route}"}`);
    return { browser, request: await this.#request(`GET /${workflow} HTTP/1.1`, next) };
  }

  /** The first upstream request with this request line, from the `next`-th on: others may be reconnecting. */
  #request(line: string, next: number): Promise<UpstreamRequestSeen> {
    const { requests } = this.scenario.upstream;
    return until(() => requests.find((request, index) => index >= next && request.line === line));
  }

  /** The upstream sends one event; with an id unless `id` is false. */
  async send({ browser, request }: OpenedStream, isFirst: boolean, hasId = true): Promise<void> {
    const n = ++this.#events;
    request.send(`${hasId ? `id: ${n}\n` : ''}data: event ${n}\n\n`);
    await browser.sees(`data: event ${n}\n\n`);
    this.#note('sse_messages_sent_total{route="logs"}');
    if (isFirst) this.#note('sse_time_to_first_event_seconds_count{route="logs"}');
  }

  /** A request that gets no stream. */
  async refused(visitor: Visitor, reason: string, code: string, rule = ''): Promise<void> {
    const browser = this.scenario.visit(visitor);
    await until(() => browser.complete() || browser.closed());
    const route = visitor.route ?? 'logs';
    this.#note(`sse_refused_total{reason="${reason}",route="${route}",rule="${rule}"}`);
    this.#note(`sse_connection_errors_total{code="${code}",route="${route}"}`);
  }

  /** Is refused by each limit, once. Leaves the streams open that reach the limits. */
  async reachLimits(): Promise<void> {
    const sameUser = { user: 'many-tabs' };
    for (let n = 0; n < limits.perUser; n++) await this.open(sameUser);
    await this.refused(sameUser, 'limit', 'ERR_SSE_LIMIT_KEY', 'user');
    const sameWorkflow = { workflow: 'popular' };
    for (let n = 0; n < limits.perMinute; n++) await this.open(sameWorkflow);
    await this.refused(sameWorkflow, 'limit', 'ERR_SSE_LIMIT_RATE', 'workflow');
    const sameAddress = { headers: { 'X-Address': '192.0.2.1' } };
    for (let n = 0; n < limits.perHour; n++) await this.open(sameAddress);
    await this.refused(sameAddress, 'limit', 'ERR_SSE_LIMIT_RATE', 'address');
    await this.open({ route: 'narrow' });
    await this.refused({ route: 'narrow' }, 'limit', 'ERR_SSE_LIMIT_UPSTREAMS', 'upstreams');
  }

  /** Opens streams until `limits.total` refuses the next one. */
  async reachTotal(): Promise<void> {
    while (this.scenario.proxies[0]!.stats().open < limits.total) await this.open();
    await this.refused({}, 'limit', 'ERR_SSE_LIMIT', 'total');
  }

  /** Is refused for every other reason that a browser can meet. */
  async refuseOthers(): Promise<void> {
    await this.refused({ headers: { 'X-User': null } }, 'forbidden', 'ERR_SSE_FORBIDDEN');
    await this.refused({ headers: { Origin: 'https://evil.example' } }, 'cross-site', 'ERR_SSE_CROSS_SITE');
    await this.refused({ headers: { Accept: 'application/json' } }, 'not-acceptable', 'ERR_SSE_NOT_ACCEPTABLE');
    await this.refused({ workflow: '..%2fother' }, 'parameter', 'ERR_SSE_PARAMETER');
    await this.refused({ workflow: 'missing' }, 'upstream-refused', 'ERR_SSE_UPSTREAM_REFUSED');
    await this.refused({ route: 'gone' }, 'upstream', 'ERR_SSE_UPSTREAM_CONNECT');
  }

  /** The upstream's connection breaks, and the proxy resumes. */
  async breakUpstream(stream: OpenedStream): Promise<void> {
    const next = this.scenario.upstream.requests.length;
    stream.request.reset();
    stream.request = await this.#request(stream.request.line, next);
    this.#note('sse_upstream_reconnects_total{route="logs"}');
  }

  /** The stream's upstream breaks, and responds 503 to its requests from now on. */
  async loseUpstream(stream: OpenedStream): Promise<void> {
    const next = this.scenario.upstream.requests.length;
    this.scenario.setAway(stream.request.line);
    stream.request.reset();
    await this.#request(stream.request.line, next);
  }

  /** The upstream responds with 200 again. */
  async restoreUpstream(stream: OpenedStream): Promise<void> {
    this.scenario.setAway(undefined);
    await until(() => this.scenario.proxies[0]!.stats().outageMs === 0);
    const { requests } = this.scenario.upstream;
    stream.request = requests.findLast(({ line }) => line === stream.request.line)!;
    this.#note('sse_upstream_reconnects_total{route="logs"}');
  }

  /** The upstream breaks behind events without ids, so that its browser is told of a gap. */
  async breakWithoutIds(stream: OpenedStream): Promise<void> {
    await this.send(stream, false, false);
    await this.breakUpstream(stream);
    await stream.browser.sees('"reason":"no-ids"');
    this.#note('sse_gaps_total{reason="no-ids",route="logs"}');
  }

  /** The upstream sends one event over `maxEventBytes`. */
  async exceedEvent({ browser, request }: OpenedStream): Promise<void> {
    request.send(`id: large\ndata: ${'x'.repeat(limits.maxEventBytes)}\n\n`);
    await browser.sees('event-too-large');
    this.#note('sse_gaps_total{reason="event-too-large",route="logs"}');
  }

  /** A browser of a feed that is shared over Redis. */
  async openRelayed(): Promise<OpenedStream> {
    this.#redis ??= await this.scenario.startRedis();
    return this.open({ route: 'relayed' });
  }

  /** Redis is killed, and what uses it has noticed. */
  async loseRedis(): Promise<void> {
    await this.#redis?.kill();
    await this.#redisMode('local');
  }

  /** Redis starts again, without data. */
  async restoreRedis(): Promise<void> {
    await this.#redis?.restartEmpty();
    await this.#redisMode('shared');
  }

  async #redisMode(mode: string): Promise<void> {
    const series = ['feeds', 'limits'].map((part) => `sse_redis_mode{part="${part}",mode="${mode}"} 1\n`);
    await until(async () => {
      const metrics = await this.scenario.metrics();
      return series.every((line) => metrics.includes(line));
    });
  }

  /** Browsers that read nothing are disconnected. */
  async evict(count = 1): Promise<void> {
    const { upstream, port, proxies } = this.scenario;
    const proxy = proxies[2]!;
    const next = upstream.requests.length;
    const before = proxy.stats();
    const slow = Array.from({ length: count }, () => reader(port, '/sse/slow/w'));
    await upstream.request(next + count - 1);
    for (const request of upstream.requests.slice(next)) void flood(request, 4_000, 16_384);
    await until(() => proxy.stats().evicted === before.evicted + count && proxy.stats().open === before.open);
    for (const browser of slow) browser.leave();
    this.#note('sse_evicted_total{bound="maxStallMs",route="slow"}', count);
    this.#note('sse_connection_duration_seconds_count{reason="evicted",route="slow"}', count);
    this.#note('sse_time_to_first_event_seconds_count{route="slow"}', count);
  }

  /** A browser leaves. */
  async leave({ browser }: OpenedStream): Promise<void> {
    const [proxy] = this.scenario.proxies;
    const { open } = proxy!.stats();
    browser.leave();
    await until(() => proxy!.stats().open < open);
    this.#note('active_sse_connections{route="logs"}', -1);
    this.#note('sse_connection_duration_seconds_count{reason="browser-left",route="logs"}');
  }

  /** Closes the proxies; later requests are refused. */
  async drain(): Promise<void> {
    await Promise.all(this.scenario.proxies.map((proxy) => proxy.close({ graceMs: 100 })));
    for (const route of ['logs', 'narrow']) {
      const active = `active_sse_connections{route="${route}"}`;
      this.#note(
        `sse_connection_duration_seconds_count{reason="draining",route="${route}"}`,
        this.expected.get(active),
      );
      this.expected.set(active, 0);
    }
    await this.refused({}, 'draining', 'ERR_SSE_DRAINING');
  }
}
