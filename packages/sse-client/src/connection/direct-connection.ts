import { idleStatus } from '../idle-status.ts';
import type { StreamError } from '../types.ts';
import { attempt } from './attempt.ts';
import { backoffMs, maxFloorMs } from './backoff.ts';
import type { Connection, ConnectionContext, ConnectionSink } from './connection.ts';
import { failed, isFinal, type Outcome } from './outcome.ts';
import { onWake } from './wake.ts';
import { type Watchdog, watchdog } from './watchdog.ts';

/** A response without a byte may still be a refusal: the status becomes `connected` only after this time. */
const refusalGraceMs = 100;

/** A connection of this tab's own: connect → read → wait → connect. */
export function directConnection(context: ConnectionContext, sink: ConnectionSink): Connection {
  const { config, env } = context;
  let current: AbortController | undefined;
  let dog: Watchdog | undefined;
  let release: (() => void) | undefined;
  let graceTimer: unknown;
  let stableTimer: unknown;
  /** Undefined unless the next attempt is scheduled. */
  let retryTimer: unknown;
  let retries = 0;
  let isOpen = false;
  /** When this connection was opened, or the last one if none is open. */
  let connectedAt = 0;
  /** When the last byte of the previous connection arrived. */
  let lostAt: number | null = null;
  /** The server's `retry:`, in milliseconds. */
  let floorMs = 0;
  let notBefore = 0;
  let isUpstreamAway = false;

  const liveStatus = () => (isUpstreamAway ? 'waiting-upstream' : 'connected');

  function connect(): void {
    hangUp();
    const controller = new AbortController();
    const { signal } = controller;
    current = controller;
    isUpstreamAway = false;
    let resumedAfter = '';
    sink.status({ ...idleStatus, status: 'connecting', attempt: retries });

    /**
     * Called before the first thing that a connection delivers. Only the first call for each connection has an effect.
     */
    const open = () => {
      if (isOpen) return;
      const now = env.Date.now();
      isOpen = true;
      connectedAt = now;
      stableTimer = env.setTimeout(settle, config.stableMs);
      sink.status({ status: liveStatus(), connectedAt: now });
      sink.resume(resumedAfter);
      const lastEventAt = sink.lastEventAt();
      if (lastEventAt !== null && (resumedAfter === '' || sink.isPastCursor()))
        sink.gap({ reason: 'no-ids', from: lostAt ?? lastEventAt, to: now, afterId: resumedAfter });
    };
    const guard =
      <T extends unknown[]>(handle: (...given: T) => void) =>
      (...given: T) => {
        if (!signal.aborted) handle(...given);
      };
    const watching = watchdog(config.watchdogMs, env, {
      onChange: (isStalled) => isOpen && sink.status({ status: isStalled ? 'stalled' : liveStatus() }),
      onDead: () => {
        const cause = new DOMException(`No byte for ${config.watchdogMs} ms`, 'TimeoutError');
        end(failed('STALLED', isOpen ? 'The connection went silent' : 'The server did not respond', { cause }), isOpen);
      },
    });
    dog = watching;
    void attempt(context, sink.lastEventId, signal, {
      sending: (id) => {
        resumedAfter = id;
      },
      accepted: guard(() => {
        graceTimer = env.setTimeout(open, refusalGraceMs);
      }),
      bytes: guard(watching.fed),
      id: guard(sink.cursor),
      event: guard((event) => {
        open();
        sink.event({ ...event, receivedAt: env.Date.now() });
      }),
      gap: guard((gap) => {
        open();
        const now = env.Date.now();
        sink.gap({ ...gap, from: gap.from || lostAt || now, to: gap.to || now, afterId: sink.lastEventId() });
      }),
      upstream: guard((upstream, since) => {
        isUpstreamAway = upstream !== null;
        open();
        sink.status({ status: liveStatus(), upstream, since: upstream && (since || env.Date.now()) });
      }),
      retry: guard((ms) => {
        floorMs = ms;
      }),
      settled: () => {
        if (signal.aborted) return undefined;
        open();
        const ready = sink.ready();
        if (!ready) return undefined;
        watching.pause(true);
        return ready.then(guard(() => watching.pause(false)));
      },
    }).then(guard((outcome: Outcome) => end(outcome)));
  }

  /** The connection has been stable: the next failure counts as the first. */
  function settle(): void {
    retries = 0;
    sink.status({ attempt: 0 });
  }

  function end(outcome: Outcome, atOnce = false): void {
    const now = env.Date.now();
    // The timer that calls `settle` may be late.
    if (isOpen && now - connectedAt >= config.stableMs) retries = 0;
    hangUp();
    const { maxRetries, maxDelayMs } = config;
    const { notBeforeMs } = outcome;
    let { status } = outcome;
    let lastError: StreamError = { ...outcome.error, at: now };
    const isOffline = lastError.code === 'NETWORK' && env.navigator?.onLine === false;
    if (isOffline) lastError = { ...lastError, code: 'OFFLINE', message: 'This device is offline' };
    else if (maxRetries !== false && retries >= maxRetries && !isFinal(status)) {
      const message = `Gave up after ${retries} retries: ${lastError.message}. connect() or a reload tries again`;
      lastError = { code: 'GAVE_UP', message, cause: lastError, at: now };
      status = 'closed';
    }
    const isOver = isFinal(status);
    // Attempts without a network don't count. They are made nevertheless, since `onLine` may be wrong.
    retries = isOver ? 0 : isOffline ? Math.max(retries, 1) : retries + 1;
    sink.status({ ...idleStatus, status, attempt: retries, lastError });
    if (isOver) return giveUp();
    if (atOnce) return connect();
    notBefore = now + Math.min(notBeforeMs, maxFloorMs);
    const floor = Math.max(floorMs, notBeforeMs);
    const waitMs = isOffline ? maxDelayMs : backoffMs(retries - 1, config, floor, env.Math.random);
    wait(waitMs);
  }

  function wait(ms: number): void {
    retryTimer = env.setTimeout(connect, ms);
    sink.status({ retryAt: env.Date.now() + ms });
  }

  function hangUp(): void {
    if (isOpen) lostAt = dog!.lastByteAt();
    isOpen = false;
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
        // A wake-up does not shorten a wait from Retry-After or from the proxy.
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
