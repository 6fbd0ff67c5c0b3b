import type { Environment } from '../environment.ts';

/** How long the leader may be silent where there is no watchdog to say so. */
const defaultPatienceMs = 45_000;

export interface Election {
  /** The leader has said something that this tab could use. */
  heard(): void;
  /** Another tab leads now. */
  stepDown(): void;
  leave(): void;
}

interface Handlers {
  lead(): void;
  /** It leads no more. */
  follow(): void;
  /** Asks the leader for something that is `heard`. */
  ask(): void;
}

/**
 * Whoever has the lock leads. A leader that stands still (frozen, or asleep) keeps its lock and says nothing: it is
 * asked, and if no answer comes the lock is taken from it. Answers to messages come from hidden tabs, too, whose timers
 * the browser slows down.
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
      // No lock can be had in this document at all.
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
    // A timer that comes late says that this tab slept, or is slowed down: not that the leader is gone.
    const isLate = env.Date.now() - dueAt > quarterMs;
    if (isAsked && !isLate) stand({ steal: true });
    isAsked = isQuiet && (!isAsked || isLate);
    if (isAsked) on.ask();
    isQuiet = true;
    // So that followers don't take it from each other.
    watch(isAsked ? quarterMs * (1 + env.Math.random()) : quarterMs);
  }

  function heard(): void {
    isQuiet = isAsked = false;
  }

  stand();
  watch(quarterMs);
  return {
    heard,
    stepDown,
    leave() {
      candidacy.abort();
      env.clearTimeout(timer);
    },
  };
}
