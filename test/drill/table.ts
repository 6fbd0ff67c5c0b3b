import { type Reasons, total } from './browser-counts.ts';
import type { DrillReport, StepResult } from './run.ts';

const seconds = (ms: number) => (ms / 1_000).toFixed(1);

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** The table as Markdown, which is also readable in a terminal. */
export function table({ steps }: DrillReport): string {
  const head = [
    'what is destroyed',
    'lost',
    'repeated',
    'gaps',
    'streams ended',
    'longest pause, s',
    'all browsers have new logs after, s',
  ];
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...steps.map(row)].join('\n');
}

/** One line of the table. */
export function row(step: StepResult): string {
  return line([
    step.what,
    lostIn(step),
    repeatedIn(step),
    gapsIn(step.gaps),
    String(step.cuts),
    seconds(step.longestPauseMs),
    seconds(step.liveMs),
  ]);
}

function lostIn({ lost, unannounced }: StepResult): string {
  return unannounced === 0 ? String(lost) : `${lost}, ${unannounced} without a gap`;
}

function repeatedIn({ repeated, repeatedInClient }: StepResult): string {
  return repeated === 0 ? '0' : `${repeated}, ${repeatedInClient} with sse-client`;
}

/** Such as `3: 2 unmatched, 1 unknown-id`. */
function gapsIn(gaps: Reasons): string {
  const reasons = Object.entries(gaps).map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? '0' : `${total(gaps)}: ${reasons.join(', ')}`;
}

/** True if gaps announced every lost or repeated event, and no event was late or changed. */
export function isSound({ steps }: DrillReport): boolean {
  return steps.every(
    ({ unannounced, wrong, repeated, gaps }) => unannounced + wrong === 0 && (repeated === 0 || total(gaps) > 0),
  );
}

/** The sums, as a sentence. */
export function summary({ browsers, instances, eventsPerSecond, sent, delivered }: DrillReport): string {
  return `${browsers} browsers, ${instances} BFFs, ${eventsPerSecond} logs per second: ${sent} logs written, ${delivered} events delivered.`;
}
