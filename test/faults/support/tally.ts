import type { SseObserver } from '../../../packages/sse-proxy/src/types.ts';

type Counts = Record<string, number>;

/** An observer that counts. The counts can be sent to another process. */
export function tally() {
  const seen = {
    opens: 0,
    closes: {} as Counts,
    refusals: {} as Counts,
    gaps: {} as Counts,
    evictions: {} as Counts,
    errors: {} as Counts,
    /** Length of each finished outage in ms, and its number of attempts. */
    outagesMs: [] as number[],
    attempts: [] as number[],
  };
  const add = (counts: Counts, name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const observer: SseObserver = {
    onOpen: () => void seen.opens++,
    onClose: ({ reason }) => add(seen.closes, reason),
    onRefuse: ({ error }) => add(seen.refusals, error.code),
    onGap: ({ reason }) => add(seen.gaps, reason),
    onEvict: ({ bound }) => add(seen.evictions, bound),
    onError: ({ error }) => add(seen.errors, error.code),
    onResume: ({ outageMs, attempts }) => {
      seen.outagesMs.push(outageMs);
      seen.attempts.push(attempts);
    },
  };
  return { seen, observer };
}
export type Seen = ReturnType<typeof tally>['seen'];
