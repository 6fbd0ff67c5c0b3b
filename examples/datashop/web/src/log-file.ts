export type Format = 'text' | 'ndjson';

/** The parts of a line that a text file has. */
export interface LineParts {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly label: string;
  readonly stage: string;
  readonly message: string;
  readonly description: string;
  readonly duration: string;
}

/** A line as copied and as written to a text file, with UTC times. The message may contain line breaks. */
export function lineText({ time, label, stage, message, description, duration }: LineParts): string {
  const head = [new Date(time).toISOString(), (label || '-').padEnd(5), stage && `[${stage}]`, message];
  return [...head, description && `— ${description}`, duration && `(${duration})`].filter(Boolean).join(' ');
}

/** For instance `logs-2026-11-23T14-02-10Z.ndjson`. Some file systems refuse colons. */
export function fileName(format: Format, now: number): string {
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(':', '-');
  return `logs-${time}Z.${format === 'text' ? 'txt' : 'ndjson'}`;
}

/** Saves a file by the browser's download. */
export function saveFile(pieces: readonly Blob[], format: Format): void {
  const type = format === 'text' ? 'text/plain;charset=utf-8' : 'application/x-ndjson';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([...pieces], { type }));
  link.download = fileName(format, Date.now());
  link.click();
  // Browsers read the URL after click() returns; a minute covers all of them.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
