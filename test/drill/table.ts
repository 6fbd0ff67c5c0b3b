import type { DrillReport, StepResult } from './run.ts';

const seconds = (ms: number) => (ms / 1_000).toFixed(1);

/** The table as Markdown, which is also readable in a terminal. */
export function table({ steps }: DrillReport): string {
  const head = [
    'what is destroyed',
    'lost',
    'repeated',
    'gaps',
    'streams ended',
    'longest pause, s',
    'all live after, s',
  ];
  const rows = steps.map((step) => [
    step.what,
    lostIn(step),
    repeatedIn(step),
    String(step.gaps),
    String(step.cuts),
    seconds(step.longestPauseMs),
    seconds(step.liveMs),
  ]);
  const lines = [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function lostIn({ lost, unannounced }: StepResult): string {
  return unannounced === 0 ? String(lost) : `${lost}, ${unannounced} without a gap`;
}

function repeatedIn({ repeated, repeatedInClient }: StepResult): string {
  return repeated === 0 ? '0' : `${repeated}, ${repeatedInClient} with sse-client`;
}

/** Whether no browser lost or repeated an event that a gap did not announce, or got one late or changed. */
export function isSound({ steps }: DrillReport): boolean {
  return steps.every(
    ({ unannounced, wrong, repeated, gaps }) => unannounced + wrong === 0 && (repeated === 0 || gaps > 0),
  );
}

/** The sums, as a sentence. */
export function summary({ browsers, instances, eventsPerSecond, sent, delivered }: DrillReport): string {
  return `${browsers} browsers, ${instances} BFFs, ${eventsPerSecond} logs per second: ${sent} logs written, ${delivered} events delivered.`;
}
