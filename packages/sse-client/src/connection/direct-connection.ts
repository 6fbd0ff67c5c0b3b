import { attempt } from './attempt.ts';
import { backoffMs, maxFloorMs } from './backoff.ts';
import type { Connection, ConnectionContext, ConnectionSink } from './connection.ts';
import { failed, isFinal, type Outcome } from './outcome.ts';
import { onWake } from './wake.ts';
import { type Watchdog, watchdog } from './watchdog.ts';

/** An answer without a byte yet may be a refusal whose text follows: `connected` waits that long for it. */
const refusalGraceMs = 100;

/** A connection of this tab's own: connect → read → wait → connect. */
export function directConnection(context: ConnectionContext, sink: ConnectionSink): Connection {
  const { config, env } = context;
  let current: AbortController | undefined;
  let dog: Watchdog | undefined;
  let release: (() => void) | undefined;
  let graceTimer: unknown;
  let stableTimer: unknown;
  /** Undefined unless it waits. */
  let retryTimer: unknown;
  let retries = 0;
  let connectedAt: number | null = null;
  /** When the last connection gave its last sign of life. */
  let lostAt: number | null = null;
  /** What `retry:` asked for. */
  let floorMs = 0;
  let notBefore = 0;

  function connect(): void {
    hangUp();
    const controller = new AbortController();
    const { signal } = controller;
    current = controller;
    let askedAfter = '';
    sink.status({ status: 'connecting', attempt: retries, retryAt: null });

    /** Once a connection, and before the first thing that it says. */
    const open = () => {
      if (connectedAt !== null) return;
      const now = env.Date.now();
      connectedAt = now;
      stableTimer = env.setTimeout(settle, config.stableMs);
      sink.status({ status: 'connected', connectedAt: now });
      const lastEventAt = sink.lastEventAt();
      if (askedAfter === '' && lastEventAt !== null)
        sink.gap({ reason: 'no-ids', from: lostAt ?? lastEventAt, to: now, afterId: '' });
    };
    const guard =
      <T extends unknown[]>(handle: (...given: T) => void) =>
      (...given: T) => {
        if (!signal.aborted) handle(...given);
      };
    dog = watchdog(config.watchdogMs, env, {
      turned: (status) => connectedAt !== null && sink.status({ status }),
      dead: () => {
        if (connectedAt === null) end(failed('STALLED', 'The server did not answer'));
        else end(failed('STALLED', 'The connection went silent'), true);
      },
    });
    void attempt(context, sink.lastEventId, signal, {
      asking: (id) => {
        askedAfter = id;
      },
      answered: guard(() => {
        graceTimer = env.setTimeout(open, refusalGraceMs);
      }),
      bytes: guard(() => dog?.fed()),
      id: guard(sink.cursor),
      event: guard((event) => {
        open();
        sink.event({ ...event, receivedAt: env.Date.now() });
      }),
      gap: guard(({ reason, from, to }) => {
        open();
        const now = env.Date.now();
        sink.gap({ reason, from: from || lostAt || now, to: to || now, afterId: sink.lastEventId() });
      }),
      retry: guard((ms) => {
        floorMs = ms;
      }),
      settled: guard(open),
    }).then(guard((outcome: Outcome) => end(outcome)));
  }

  /** The connection has held: the next failure is a first one. */
  function settle(): void {
    retries = 0;
    sink.status({ attempt: 0 });
  }

  function end(outcome: Outcome, atOnce = false): void {
    const now = env.Date.now();
    // The timer that would have said so may be late.
    if (connectedAt !== null && now - connectedAt >= config.stableMs) retries = 0;
    hangUp();
    const offline = outcome.error.code === 'NETWORK' && env.navigator?.onLine === false;
    const { status, error, notBeforeMs } = offline ? failed('OFFLINE', 'This device is offline') : outcome;
    const lastError = { ...error, at: now };
    const isOver = isFinal(status);
    // Without a network the attempts would only be used up; but that there is none is not to be relied on.
    retries = isOver ? 0 : offline ? Math.max(retries, 1) : retries + 1;
    sink.status({ status, attempt: retries, retryAt: null, lastError, connectedAt: null });
    if (isOver) return giveUp();
    if (atOnce) return connect();
    notBefore = now + Math.min(notBeforeMs, maxFloorMs);
    wait(offline ? config.maxDelayMs : backoffMs(retries - 1, config, Math.max(floorMs, notBeforeMs), env.Math.random));
  }

  function wait(ms: number): void {
    retryTimer = env.setTimeout(connect, ms);
    sink.status({ retryAt: env.Date.now() + ms });
  }

  function hangUp(): void {
    if (connectedAt !== null) lostAt = dog!.lastByteAt();
    connectedAt = null;
    dog?.stop();
    dog = undefined;
    current?.abort();
    for (const timer of [graceTimer, stableTimer, retryTimer]) env.clearTimeout(timer);
    retryTimer = undefined;
  }

  function giveUp(): void {
    release?.();
    release = undefined;
    hangUp();
  }

  return {
    start() {
      retries = 0;
      release = onWake(env, () => {
        dog?.look();
        // What the server asked for holds for those who slept, too.
        if (retryTimer !== undefined && env.Date.now() >= notBefore) connect();
      });
      connect();
    },
    stop: giveUp,
    retryNow() {
      if (retryTimer !== undefined) connect();
    },
  };
}
