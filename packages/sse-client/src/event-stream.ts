import type { ConnectionSink, ConnectionStatus } from './connection/connection.ts';
import { isFinal } from './connection/outcome.ts';
import { createDelivery } from './delivery.ts';
import { createEntryStore } from './entries/entry-store.ts';
import { fingerprint } from './entries/fingerprint.ts';
import { parseEvent } from './entries/parse-event.ts';
import type { Environment } from './environment.ts';
import { createNotifier } from './notifier.ts';
import { readLiveOptions, readOptions } from './options.ts';
import type { StreamPersister } from './persister.ts';
import { tabsConnection } from './tabs/tabs-connection.ts';
import type { Entry, EventStream, EventStreamOptions, Parse, StreamSnapshot, ValuesOf } from './types.ts';

type Status = Required<ConnectionStatus>;

/** The least number of entries that wait for a slow reader where back pressure is impossible. */
const minQueued = 10_000;

const idle: Omit<Status, 'lastError' | 'role'> = {
  status: 'idle',
  attempt: 0,
  retryAt: null,
  connectedAt: null,
  upstream: null,
  since: null,
};

/**
 * Creates a store for one live stream. It connects when `connect()` is called, when `autoConnect` is set, or when the
 * persisted stream was on.
 *
 * @param url an http(s) URL, or one relative to the page
 * @throws TypeError for a wrong URL or option; the message names it, what was expected and what was given
 * @example
 * ```ts
 * const stream = createEventStream('/sse/logs/stream');
 * stream.subscribe(() => console.log(stream.getSnapshot().status));
 * stream.connect();
 * ```
 */
export function createEventStream(url: string, options?: EventStreamOptions): EventStream;
export function createEventStream<P extends Parse>(
  url: string,
  options: EventStreamOptions<P> & { parse: P },
): EventStream<ValuesOf<P>>;
export function createEventStream(url: string, options?: EventStreamOptions<Parse | undefined>): unknown {
  return createStream(url, options, globalThis);
}

/** @internal As {@link createEventStream}, in the environment of a test. */
export function createStream(
  url: string,
  options: EventStreamOptions<Parse | undefined> | undefined,
  env: Environment,
): EventStream {
  const config = readOptions(url, options);
  const store = createEntryStore(
    () => config.maxEntries,
    env.Date.now,
    (event) => parseEvent(config.parse, event),
  );
  const delivery = createDelivery();
  const notifier = createNotifier(env, () => {
    snapshot = undefined;
  });
  let status: Status = { ...idle, lastError: null, role: 'standalone' };
  let lastEventId = config.lastEventId;
  let lastEventAt: number | null = null;
  let hasCursor = false;
  /** An event without an id came after the cursor, and no gap after that event. */
  let isPastCursor = false;
  let isOn = false;
  let isClosed = false;
  let enabledByUser: boolean | null = null;
  let snapshot: StreamSnapshot | undefined;

  const persistence = config.persist
    ? (config.persist as StreamPersister).open({
        url,
        env,
        read: () => ({ on: enabledByUser, lastEventId, lastEventAt, entries: store.entries() }),
        changed,
      })
    : undefined;

  const sink: ConnectionSink = {
    status(patch) {
      status = { ...status, ...patch };
      changed();
    },
    resume: store.resume,
    isCatchingUp: store.isCatchingUp,
    live: store.live,
    fingerprint,
    knows: store.knows,
    event(event) {
      lastEventAt = event.receivedAt;
      isPastCursor = event.id === '';
      const added = store.receive(event);
      received(added);
      return added.at(-1)?.kind === 'event';
    },
    cursor(id) {
      hasCursor = true;
      isPastCursor = false;
      lastEventId = id;
      received([]);
    },
    gap(gap) {
      isPastCursor = false;
      const added = store.gap(gap);
      received(added);
      return added.at(-1)?.kind === 'gap';
    },
    ready: delivery.ready,
    lastEventId: () => lastEventId,
    isPastCursor: () => isPastCursor,
    lastEventAt: () => lastEventAt,
  };
  const connection = tabsConnection({ url, config, env }, sink);

  /** Invalidates the snapshot now and notifies listeners in a microtask. */
  function changed(): void {
    snapshot = undefined;
    notifier.soon();
  }

  /** Schedules persistence; the snapshot and listeners follow in the next frame. */
  function received(added: readonly Entry[]): void {
    added.forEach(delivery.add);
    persistence?.changed();
    notifier.nextFrame();
  }

  function edited(): void {
    persistence?.changed();
    changed();
  }

  function setEnabledByUser(on: boolean): void {
    enabledByUser = on;
    persistence?.save();
  }

  function switchOn(): void {
    if (isOn) connection.stop();
    isOn = true;
    sink.status({ lastError: null });
    connection.start();
  }

  function switchOff(): void {
    isOn = false;
    connection.stop();
    sink.status(idle);
  }

  /** Subscribers are notified of the status before they are dropped. */
  function abort(): void {
    if (isClosed) return;
    switchOff();
    const error = { code: 'ABORTED', message: 'The signal was aborted', cause: config.signal!.reason } as const;
    sink.status({ status: 'closed', lastError: { ...error, at: env.Date.now() } });
    isClosed = true;
    queueMicrotask(release);
  }

  function close(): void {
    if (isOn) switchOff();
    isClosed = true;
    release();
  }

  function release(): void {
    config.signal?.removeEventListener('abort', abort);
    persistence?.close();
    delivery.close();
    notifier.close();
  }

  function getSnapshot(): StreamSnapshot {
    if (!snapshot) {
      notifier.cancelFrame();
      snapshot = Object.freeze({
        ...status,
        enabledByUser,
        lastEventAt,
        lastEventId,
        entries: store.entries(),
        counts: store.counts(),
        persistence: persistence?.state ?? 'off',
      });
    }
    return snapshot;
  }

  const saved = persistence?.load();
  if (saved) {
    enabledByUser = saved.on;
    ({ lastEventId, lastEventAt } = saved);
    hasCursor = true;
    store.restore(saved.entries);
    for (const entry of saved.entries) isPastCursor = entry.kind === 'event' && entry.id === '';
  }
  if (enabledByUser ?? config.autoConnect) switchOn();
  config.signal?.addEventListener('abort', abort);
  if (config.signal?.aborted) abort();

  /** A closed stream can still be read, but not changed. */
  const unlessClosed =
    <T extends unknown[]>(act: (...given: T) => void) =>
    (...given: T): void => {
      if (!isClosed) act(...given);
    };

  return {
    url,
    subscribe: notifier.subscribe,
    getSnapshot,
    onEvents: delivery.onEvents,
    [Symbol.asyncIterator]() {
      const isPaced = config.shareTabs === false;
      const reader = delivery.read(isPaced ? Number.POSITIVE_INFINITY : Math.max(config.maxEntries, minQueued));
      if (isClosed) reader.end();
      return reader;
    },
    connect: unlessClosed(() => {
      setEnabledByUser(true);
      if (!isOn || isFinal(status.status)) switchOn();
    }),
    disconnect: unlessClosed(() => {
      setEnabledByUser(false);
      if (isOn) switchOff();
    }),
    retryNow: unlessClosed(() => connection.retryNow()),
    setOptions: unlessClosed((live) => void Object.assign(config, readLiveOptions(live))),
    seed: unlessClosed((events, options) => {
      if (!hasCursor && lastEventAt === null) lastEventId = options?.lastEventId ?? lastEventId;
      store.seed(events);
      edited();
    }),
    fill(gapKey, events) {
      if (isClosed) return 0;
      const added = store.fill(gapKey, events);
      if (added !== undefined) edited();
      return added ?? 0;
    },
    clear: unlessClosed(() => {
      store.clear();
      edited();
    }),
    reset: unlessClosed(() => {
      if (isOn) connection.stop();
      store.reset();
      lastEventId = '';
      lastEventAt = null;
      hasCursor = false;
      edited();
      if (isOn) switchOn();
    }),
    wipe: unlessClosed(() => persistence?.wipe()),
    close: unlessClosed(close),
  };
}
