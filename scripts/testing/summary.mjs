// The end of `npm test`'s output: times, failures, counts, and what was skipped with the command that would change it.
import { installCommand } from '../needs.mjs';
import { skipsByReason } from './results.mjs';

/**
 * @typedef {ReturnType<import('./results.mjs').readResults> & { name: string, ms: number, end: string }} GroupResults
 * `end` says how the group's process ended, if not with exit code 0.
 */

export const seconds = (ms) => `${Math.round(ms / 1_000)} s`;

/**
 * @param {GroupResults[]} groups
 * @param {{ ci: boolean, files: boolean, platform?: NodeJS.Platform }} options with `ci`, a skip is a failure if an
 * installation would avoid it on this platform
 * @returns {{ lines: string[], ok: boolean }}
 */
export function summarize(groups, { ci, files, platform }) {
  const times = groups.map(({ name, ms, passed, failures, skips, complete, end }) => {
    const counts = `${passed} passed, ${failures.length} failed, ${skips.length} skipped`;
    return `${seconds(ms).padStart(6)}  ${name}: ${counts}${complete ? '' : `, ended early (${end || 'exit code 0'})`}`;
  });
  const suites = files ? groups.flatMap((group) => group.suites).sort((a, b) => b.ms - a.ms) : [];
  const failures = groups.flatMap((group) => group.failures);
  const skips = groups.flatMap((group) => group.skips);
  const passed = groups.reduce((sum, group) => sum + group.passed, 0);
  const skipped = describeSkips(skips, ci, platform);
  return {
    lines: [
      ...times,
      ...suites.map(({ file, ms }) => `${seconds(ms).padStart(6)}  ${file}`),
      ...failures.map(({ title, file, error }) => `\nFAILED ${title}\n  ${file}\n  ${error}`),
      `\n${passed} passed, ${failures.length} failed, ${skips.length} skipped`,
      ...skipped.lines,
    ],
    ok: failures.length === 0 && skipped.ok && groups.every(({ complete, end }) => complete && end === ''),
  };
}

/** One line a reason. */
function describeSkips(skips, ci, platform) {
  const lines = [];
  let ok = true;
  for (const { reason, need, titles } of skipsByReason(skips)) {
    const tests = `${titles.length} ${titles.length === 1 ? 'test' : 'tests'}`;
    const command = need && installCommand(need, platform);
    lines.push(`skipped ${tests}: ${reason}${command ? `. To run them: ${command}` : ''}`);
    if (reason === undefined) {
      ok = false;
      lines.push(`  failed: skip with a reason, by test/support/needs.ts: ${titles.join('; ')}`);
    } else if (command && ci) {
      ok = false;
      lines.push('  failed: with CI=true, what can be installed must be there');
    }
  }
  return { lines, ok };
}
