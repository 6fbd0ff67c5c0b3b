// REPORT.md: a heading that explains the columns, and one line for each row and mode.
import { cpus } from 'node:os';

const head = [
  ['row', 'fault', 'mode', 'runs', 'sent', 'delivered', 'lost', 'doubled', 'reordered', 'mangled'],
  ['gaps', 'cuts', 'recovery p50 ms', 'p99 ms', 'peak MB', 'fds before', 'after', 'run on'],
].flat();
const isText = (name: string) => ['row', 'fault', 'mode', 'run on'].includes(name);
/** Number of the first columns that name a line: row, fault and mode. */
const nameColumns = 3;

/** The whole page with these lines. */
export function pageOf(lines: readonly (readonly string[])[]): string {
  return `# Faults: results

Written by \`npm run faults\` with Node ${process.version} on ${cpus().length} cores. Numbered rows are those of
[the contract](../../docs/contract.md#faults); the others (M1–M4, all) combine faults. Upstream and
proxy are separate processes, and all browsers except Chromium share a third; they communicate over real sockets. \`rows/\` holds the code of each row.

- *sent*: events that the upstream sent, in all runs; *delivered*: events that the browsers received, added up.
- *lost*, *doubled*, *reordered*, *mangled*: by the number and checksum in each event, per browser, added up.
  An event whose place a gap took ([row 40]) is neither lost nor delivered. In [row 36] the browsers drop repeats as sse-client does.
- *gaps*: \`sse-proxy:gap\` events, sent where continuity can't be proven. *cuts*: streams that ended for a browser, soft
  refusals included; the browser reconnected by itself.
- *recovery*: time from the loss of an upstream to its return, and from a browser's cut to its next event. The browsers
  of these tests wait a hundredth of the \`retry:\` time; those of [row 1c], [row 38], [row 45] and in Chromium (M3) wait all of it.
- *peak*: the proxy's resident memory, including about 100 MB at its start with the type-stripping loader.
- *fds*: the proxy's file descriptors before the first browser and after the last one ([row 28]: without the log's pipe).

${cells(head)}
${cells(head.map((name) => (isText(name) ? '---' : '--:')))}
${lines.map(cells).join('\n')}
`;
}

/**
 * The lines of a page, with `lines` in place of those of the same name. `order`: the names of all lines; others are
 * dropped.
 */
export function updatedLines(
  page: string,
  lines: readonly (readonly string[])[],
  order: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const old = page.split('\n').filter((line) => line.startsWith('| '));
  const byName = new Map([...old.map(valuesOf), ...lines].map((line) => [nameOf(line), line]));
  return order.flatMap((name) => [byName.get(nameOf(name)) ?? []]).filter((line) => line.length > 0);
}

function nameOf(line: readonly string[]): string {
  return line.slice(0, nameColumns).join(' | ');
}

function valuesOf(line: string): string[] {
  return line.slice(2, -2).split(' | ');
}

function cells(values: readonly string[]): string {
  return `| ${values.join(' | ')} |`;
}
