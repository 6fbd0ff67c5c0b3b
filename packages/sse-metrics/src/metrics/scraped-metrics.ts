import { Counter, Gauge, type Registry } from 'prom-client';
import { EventLoopDelay } from './event-loop-delay.ts';
import { type LiveSet, type RouteTraffic, roles, type Snapshot } from './live-set.ts';

/** Registers the metrics whose values are read when they are scraped. */
export function registerScraped(registry: Registry, prefix: string, live: LiveSet): void {
  const registers = [registry];
  const labelNames = ['route'] as const;

  new Gauge({
    name: `${prefix}active_sse_connections`,
    help: 'Event streams that are open.',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const [route, { active }] of live.snapshot.routes) this.set({ route }, active);
    },
  });

  const counter = (name: string, help: string, read: (traffic: RouteTraffic) => number) =>
    new Counter({
      name: `${prefix}${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [route, traffic] of live.snapshot.routes) this.inc({ route }, read(traffic));
      },
    });
  counter('sse_messages_sent_total', 'Upstream events written to browsers.', ({ events }) => events);
  counter(
    'sse_bytes_sent_total',
    "Bytes written to browsers, heartbeats and the proxy's own events included, HTTP framing excluded.",
    ({ bytes }) => bytes,
  );

  const gauge = (name: string, help: string, read: (gauges: Snapshot['gauges']) => number) =>
    new Gauge({
      name: `${prefix}${name}`,
      help,
      registers,
      collect() {
        this.set(read(live.snapshot.gauges));
      },
    });
  gauge('sse_upstream_connections', 'Upstream requests in progress.', (it) => it.upstreamConnections);
  gauge(
    'sse_upstream_outage_seconds',
    'Duration of the longest current outage of an upstream whose browsers are waiting; 0 while there is none.',
    (it) => it.outageMs / 1_000,
  );
  gauge('sse_buffered_bytes', 'Bytes buffered for browsers that read slowly.', (it) => it.bufferedBytes);
  gauge('sse_shared_feeds', 'Shared feeds, those that linger included.', (it) => it.sharedFeeds);
  new Gauge({
    name: `${prefix}sse_relayed_feeds`,
    help: 'Feeds shared with other instances, by the role of this one.',
    labelNames: ['role'],
    registers,
    collect() {
      for (const role of roles) this.set({ role }, live.snapshot.relayedFeeds.get(role) ?? 0);
    },
  });
  gauge('sse_replay_bytes', 'Bytes that shared feeds retain for browsers that return.', (it) => it.replayBytes);
  gauge('sse_oldest_connection_seconds', 'Age of the oldest open stream; 0 without one.', (it) => it.oldestMs / 1_000);
  new Counter({
    name: `${prefix}sse_late_documents_total`,
    help: 'Logs that became visible in the database later than the log service expects.',
    registers,
    collect() {
      this.reset();
      this.inc(live.snapshot.gauges.lateDocuments);
    },
  });

  const delay = new EventLoopDelay();
  gauge(
    'sse_event_loop_delay_seconds',
    'Longest delay of the event loop in the last 10 seconds, or since the scrape before the last.',
    () => delay.read() / 1_000,
  );
}
