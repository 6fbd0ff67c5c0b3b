import type { Environment } from '../environment.ts';

/** How long the leader may be silent if the watchdog is disabled. */
const defaultPatienceMs = 45_000;

export interface Election {
  /** The leader has sent a message that this tab could use. */
  alive(): void;
  /** Another tab leads. */
  stepDown(): void;
  leave(): void;
}

interface Handlers {
  /** This tab leads from now on. */
  lead(): void;
  /** This tab no longer leads. */
  follow(): void;
  /** Requests a message from the leader, which is then reported to `alive`. */
  ask(): void;
}

/**
 * Elects the leader: the tab that holds the lock. A frozen leader keeps its lock but sends nothing. So followers
 * request a message from a silent leader, and one of them steals the lock if there is no response. The leader sends no
 * heartbeats by itself, because browsers slow down the timers of hidden tabs, but not their responses to messages.
 *
 * @param patienceMs how long the leader may be silent, in milliseconds
 */
export function elect(
  env: Environment,
  locks: LockManager,
  name: string,
  patienceMs: number | false,
  on: Handlers,
): Election {
  const quarterMs = (patienceMs || defaultPatienceMs) / 4;
  let candidacy = new AbortController();
  let timer: unknown;
  let dueAt = 0;
  let isQuiet = false;
  let isAsked = false;

  function stand(how: { steal?: boolean } = {}): void {
    candidacy.abort();
    candidacy = new AbortController();
    const { signal } = candidacy;
    let leads = false;
    const lead = () => {
      if (signal.aborted) return;
      leads = true;
      env.clearTimeout(timer);
      on.lead();
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    };
    // [spec] `steal` and `signal` exclude each other.
    locks.request(name, how.steal ? how : { signal }, lead).catch(() => {
      if (signal.aborted) return;
      if (leads) stepDown();
      // This document can't get any lock.
      else void lead();
    });
  }

  function stepDown(): void {
    stand();
    watch(quarterMs);
    on.follow();
  }

  function watch(ms: number): void {
    env.clearTimeout(timer);
    dueAt = env.Date.now() + ms;
    timer = env.setTimeout(look, ms);
  }

  function look(): void {
    // A late timer means that this tab slept or was slowed down, not that the leader is gone.
    const isLate = env.Date.now() - dueAt > quarterMs;
    if (isAsked && !isLate) stand({ steal: true });
    isAsked = isQuiet && (!isAsked || isLate);
    if (isAsked) on.ask();
    isQuiet = true;
    // The jitter keeps followers from stealing the lock from each other.
    watch(isAsked ? quarterMs * (1 + env.Math.random()) : quarterMs);
  }

  function alive(): void {
    isQuiet = isAsked = false;
  }

  stand();
  watch(quarterMs);
  return {
    alive,
    stepDown,
    leave() {
      candidacy.abort();
      env.clearTimeout(timer);
    },
  };
}
