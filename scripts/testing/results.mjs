// What test processes have reported, read from the files that reporter.mjs appends to.
import { existsSync, readFileSync } from 'node:fs';

/** All results of one group so far. @param {string} file */
export function readResults(file) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  const results = lines.map((line) => JSON.parse(line));
  const of = (kind) => results.filter((result) => result.kind === kind);
  return {
    total: of('begin')[0]?.total ?? 0,
    passed: of('pass').length,
    failures: of('fail'),
    skips: of('skip'),
    suites: of('suite'),
    complete: of('end').length > 0,
  };
}

/**
 * Groups skips by reason: what would have to be installed, and the tests' titles. `reason` is undefined if none was
 * given.
 */
export function skipsByReason(skips) {
  const byReason = new Map();
  for (const { title, reason, need } of skips) {
    const group = byReason.get(reason) ?? { reason, need, titles: [] };
    group.titles.push(title);
    byReason.set(reason, group);
  }
  return [...byReason.values()];
}
