export type Row = Record<string, unknown>;

/** What one data set needs: the stages are the same for all of them. */
export interface Job {
  name: string;
  /** File name in the `vega-datasets` package. */
  file: string;
  rowsOf(document: unknown): Row[];
  /** Names a row for a person who reads the log. */
  label(row: Row): string;
  /** By name. Each says what is wrong with a row, or nothing. The first complaint rejects it. */
  rules: Readonly<Record<string, (row: Row) => string | undefined>>;
  /** Part of a batch that may be rejected before it counts as an error, 0 to 1. */
  maxRejectRate: number;
  /** Columns that must be filled in, as a part of all accepted rows, 0 to 1. */
  completeness: Readonly<Record<string, number>>;
  groupBy(row: Row): string;
  measure: { name: string; of(row: Row): number };
}

/** A value as it stands in the row, short enough for a log line. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
