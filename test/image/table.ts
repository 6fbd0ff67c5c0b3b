import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import type { ImageFigures, StreamFigures } from './measure.ts';

export interface Figures {
  readonly logService: ImageFigures;
  readonly bff: ImageFigures;
  readonly streams: StreamFigures;
  /** Deployment → what podman shows about its container: read-only, user, memory limit. */
  readonly played: Readonly<Record<string, string>>;
}

const page = new URL('../../docs/deploy.md', import.meta.url);
const block = /(<!-- image: begin -->\n).*(<!-- image: end -->)/s;

/** The figures in Markdown. */
export function table({ logService, bff, streams, played }: Figures): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const size = ({ sizeMb, baseMb }: ImageFigures) => `${sizeMb} MB, ${baseMb} MB of it the base image`;
  const rows = [
    ['image', 'BFF', 'log service'],
    ['---', '---', '---'],
    ['size', size(bff), size(logService)],
    ['from `podman run` until `/healthz` responds, median of 5', seconds(bff.startMs), seconds(logService.startMs)],
    ['from SIGTERM to exit, no stream open', seconds(bff.idleStopMs), seconds(logService.idleStopMs)],
    ['resident memory at the start', `${bff.memoryMb} MB`, `${logService.memoryMb} MB`],
    ['user, with a read-only root', bff.user, logService.user],
  ];
  const count = (value: number) => value.toLocaleString('en-US');
  const told = `${count(streams.drained)} of ${count(streams.browsers)}`;
  const lines = [
    `With ${count(streams.browsers)} browsers, a memory limit of 512 MB, Redis, and the log service in its own container:`,
    '',
    `- ${count(streams.complete)} of ${count(streams.browsers)} browsers got each of ${streams.logs} logs exactly once.`,
    `- The BFF's resident memory: ${streams.idleMb} MB without a stream, ${streams.openMb} MB with all streams open, at most ${streams.mostMb} MB.`,
    `- SIGTERM with all streams open: ${seconds(streams.drainMs)} to exit code ${streams.exitCode} (\`DRAIN_GRACE_MS\` 20000). ${told} browsers got the reason and a retry time.`,
    `- \`podman play kube\`: ${Object.keys(played).join(' and ')} became ready, with a read-only root, as user 1000.`,
  ];
  const load = loadavg()[0]?.toFixed(0);
  const machine = `Node.js ${process.version}, ${availableParallelism()} cores, ${process.platform}, load average ${load} at the end.`;
  return `${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n\n${lines.join('\n')}\n\n${machine}`;
}

/** Writes the table into docs/deploy.md. */
export function writeTable(figures: Figures): void {
  const text = readFileSync(page, 'utf8');
  if (!block.test(text)) throw new Error('docs/deploy.md has no place for the table');
  writeFileSync(
    page,
    text.replace(block, (_, begin, end) => `${begin}\n${table(figures)}\n\n${end}`),
  );
}
