import type { ConnectionSink, ConnectionStatus } from './connection/connection.ts';
import { isFinal } from './connection/outcome.ts';
import { createEntryStore } from './entries/entry-store.ts';
import type { Environment } from './environment.ts';
import { createNotifier } from './notifier.ts';
import { readOptions } from './options.ts';
import { createPersistence } from './persist/persistence.ts';
import { tabsConnection } from './tabs/tabs-connection.ts';
import type { EventStream, EventStreamOptions, StreamSnapshot } from './types.ts';

type Status = Required<ConnectionStatus>;

const idle: Omit<Status, 'lastError' | 'role'> = { status: 'idle', attempt: 0, retryAt: null, connectedAt: null };

/**
 * A store for one live stream. It does nothing until `connect()`, unless `autoConnect` is set or it was on before a
 * reload.
 *
 * @throws TypeError for a wrong URL or option, naming it, what was expected and what came
 * @example
 * ```ts
 * const stream = createEventStream('/sse/logs/stream');
 * stream.subscribe(() => console.log(stream.getSnapshot().status));
 * stream.connect();
 * ```
 */
export function createEventStream(url: string, options?: EventStreamOptions): EventStream {
  return createStream(url, options, globalThis);
}

/** @internal The same in an environment of one's own, for tests. */
export function createStream(url: string, options: EventStreamOptions | undefined, env: Environment): EventStream {
  const config = readOptions(url, options);
  const store = createEntryStore(config.maxEntries, env.Date.now);
  const notifier = createNotifier(env, () => {
    snapshot = undefined;
  });
  let status: Status = { ...idle, lastError: null, role: 'standalone' };
  let lastEventId = config.lastEventId;
  let lastEventAt: number | null = null;
  let hasCursor = false;
  let isOn = false;
  let isClosed = false;
  /** What the user did last; null before that. */
  let enabledByUser: boolean | null = null;
  let snapshot: StreamSnapshot | undefined;

  const persistence = createPersistence(
    url,
    config.persist,
    env,
    () => ({ on: enabledByUser, lastEventId, lastEventAt, entries: store.entries() }),
    changed,
  );

  const sink: ConnectionSink = {
    status(patch) {
      status = { ...status, ...patch };
      changed();
    },
    event(event) {
      lastEventAt = event.receivedAt;
      store.receive(event);
      gathered();
    },
    cursor(id) {
      hasCursor = true;
      lastEventId = id;
      gathered();
    },
    gap(gap) {
      store.gap(gap);
      gathered();
    },
    lastEventId: () => lastEventId,
    lastEventAt: () => lastEventAt,
  };
  const link = tabsConnection({ url, config, env }, sink);

  /** Seen at once, told soon. */
  function changed(): void {
    snapshot = undefined;
    notifier.soon();
  }

  /** Kept at once, seen and told with the next frame. */
  function gathered(): void {
    persistence?.changed();
    notifier.nextFrame();
  }

  function edited(): void {
    persistence?.changed();
    changed();
  }

  function choose(on: boolean): void {
    enabledByUser = on;
    persistence?.save();
  }

  function switchOn(): void {
    if (isOn) link.stop();
    isOn = true;
    sink.status({ lastError: null });
    link.start();
  }

  function switchOff(): void {
    isOn = false;
    link.stop();
    sink.status(idle);
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
  }
  if (enabledByUser ?? config.autoConnect) switchOn();

  /** Nothing can be done with a closed stream, but to look at what it had. */
  const unlessClosed =
    <T extends unknown[]>(act: (...given: T) => void) =>
    (...given: T): void => {
      if (!isClosed) act(...given);
    };

  return {
    url,
    subscribe: notifier.subscribe,
    getSnapshot,
    connect: unlessClosed(() => {
      choose(true);
      if (!isOn || isFinal(status.status)) switchOn();
    }),
    disconnect: unlessClosed(() => {
      choose(false);
      if (isOn) switchOff();
    }),
    retryNow: unlessClosed(() => link.retryNow()),
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
      if (isOn) link.stop();
      store.reset();
      lastEventId = '';
      lastEventAt = null;
      hasCursor = false;
      edited();
      if (isOn) switchOn();
    }),
    wipe: unlessClosed(() => persistence?.wipe()),
    close: unlessClosed(() => {
      if (isOn) switchOff();
      isClosed = true;
      persistence?.close();
      notifier.close();
    }),
  };
}
