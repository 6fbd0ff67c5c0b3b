import type { ConnectionSink, ConnectionStatus, StreamTabs } from './connection/connection.ts';
import { directConnection } from './connection/direct-connection.ts';
import { isFinal } from './connection/outcome.ts';
import type { DeliveringStream, Delivery } from './delivery.ts';
import { createEntryStore } from './entries/entry-store.ts';
import type { Environment } from './environment.ts';
import type { StreamParser } from './event-parser.ts';
import { idleStatus } from './idle-status.ts';
import { listen } from './listen.ts';
import { createNotifier } from './notifier.ts';
import { readLiveOptions, readOptions } from './options.ts';
import type { StreamPersister } from './persister.ts';
import type { Entry, EventParser, EventStream, EventStreamOptions, StreamSnapshot } from './types.ts';

type Status = Required<ConnectionStatus>;

/**
 * Creates a store for one live stream. It connects when `connect()` is called, when `autoConnect` is set, or when the
 * restored choice of the user was to connect.
 *
 * @param url an http(s) URL, or one relative to the page
 * @throws TypeError for a wrong URL or option; the message names it, what was expected and what arrived
 * @example
 * ```ts
 * const stream = createEventStream('/sse/logs/stream');
 * stream.subscribe(() => console.log(stream.getSnapshot().status));
 * stream.connect();
 * ```
 */
export function createEventStream(url: string, options?: EventStreamOptions): EventStream;
export function createEventStream<Values extends object>(
  url: string,
  options: EventStreamOptions<Values> & { parse: EventParser<Values> },
): EventStream<Values>;
export function createEventStream(url: string, options?: EventStreamOptions<object>): unknown {
  return createStream(url, options, globalThis);
}

/** @internal As {@link createEventStream}, in the environment of a test. */
export function createStream(
  url: string,
  options: EventStreamOptions<object> | undefined,
  env: Environment,
): EventStream {
  const config = readOptions(url, options);
  const store = createEntryStore(
    () => config.maxEntries,
    env.Date.now,
    (event) => (config.parse as StreamParser | undefined)?.read(event),
  );
  const notifier = createNotifier(env, () => {
    snapshot = undefined;
  });
  let status: Status = { ...idleStatus, lastError: null, role: 'standalone' };
  let lastEventId = config.lastEventId;
  let lastEventAt: number | null = null;
  let hasCursor = false;
  /** True if an event without an id came after the cursor, and no gap has followed that event. */
  let isPastCursor = false;
  let isOn = false;
  let isClosed = false;
  let enabledByUser: boolean | null = null;
  let snapshot: StreamSnapshot | undefined;
  let delivery: Delivery | undefined;

  const persistence = config.persist
    ? (config.persist as StreamPersister).open({
        url,
        env,
        read: () => ({ on: enabledByUser, lastEventId, lastEventAt, entries: store.entries() }),
        changed,
      })
    : undefined;

  const sink: ConnectionSink = {
    ...store,
    status(patch) {
      status = { ...status, ...patch };
      changed();
    },
    event(event) {
      lastEventAt = event.receivedAt;
      isPastCursor = event.id === '';
      return received(store.receive(event)) === 'event';
    },
    cursor(id) {
      hasCursor = true;
      isPastCursor = false;
      lastEventId = id;
      received([]);
    },
    gap(gap) {
      isPastCursor = false;
      return received(store.gap(gap)) === 'gap';
    },
    ready: () => delivery?.ready(),
    lastEventId: () => lastEventId,
    isPastCursor: () => isPastCursor,
    lastEventAt: () => lastEventAt,
  };
  const context = { url, config, env };
  const tabs = config.tabs as StreamTabs | false;
  const connection = tabs ? tabs.connection(context, sink, directConnection) : directConnection(context, sink);

  /** Invalidates the snapshot now and notifies listeners in a microtask. */
  function changed(): void {
    snapshot = undefined;
    notifier.soon();
  }

  /** Schedules persistence; the snapshot and listeners follow in the next frame. Returns the kind of the last entry. */
  function received(added: readonly Entry[]): Entry['kind'] | undefined {
    if (delivery) added.forEach(delivery.add);
    persistence?.changed();
    notifier.nextFrame();
    return added.at(-1)?.kind;
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
    connection.stop();
    isOn = true;
    sink.status({ lastError: null });
    connection.start();
  }

  function switchOff(): void {
    isOn = false;
    connection.stop();
    sink.status(idleStatus);
  }

  /** Subscribers are notified of the status before they are dropped. */
  function abort(): void {
    switchOff();
    const cause: unknown = config.signal!.reason;
    const lastError = { code: 'ABORTED', message: 'The signal was aborted', cause, at: env.Date.now() } as const;
    sink.status({ status: 'closed', lastError });
    isClosed = true;
    queueMicrotask(release);
  }

  function close(): void {
    switchOff();
    isClosed = true;
    release();
  }

  function release(): void {
    ignoreSignal();
    persistence?.close();
    delivery?.close();
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
    // The id of a gap is undefined or not empty.
    for (const { id } of saved.entries) isPastCursor = id === '';
  }
  if (enabledByUser ?? config.autoConnect) switchOn();
  const ignoreSignal = listen([config.signal, 'abort', abort]);
  if (config.signal?.aborted) abort();

  /** A closed stream can still be read, but not changed. */
  const unlessClosed =
    <T extends unknown[]>(act: (...given: T) => void) =>
    (...given: T): void => {
      if (!isClosed) act(...given);
    };

  const stream: EventStream & DeliveringStream = {
    delivery<T extends Delivery>(create: () => T): T {
      delivery ??= create();
      if (isClosed) delivery.close();
      return delivery as T;
    },
    url,
    subscribe: notifier.subscribe,
    getSnapshot,
    connect: unlessClosed(() => {
      setEnabledByUser(true);
      if (!isOn || isFinal(status.status)) switchOn();
    }),
    disconnect: unlessClosed(() => {
      setEnabledByUser(false);
      switchOff();
    }),
    retryNow: unlessClosed(connection.retryNow),
    setOptions: unlessClosed((live) => Object.assign(config, readLiveOptions(live))),
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
  return stream;
}
