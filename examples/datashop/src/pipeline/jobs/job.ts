import type { Workflow } from '../../demo.ts';

export type Row = Record<string, unknown>;

/** The rules of one data set. All data sets pass the same stages. */
export interface Job {
  name: string;
  /** Whose logs its runs write. */
  workflow: Workflow;
  /** File name in the `vega-datasets` package. */
  file: string;
  rowsOf(document: unknown): Row[];
  /** Names a row for the reader of the log. */
  label(row: Row): string;
  /**
   * Rules by name. A rule returns what is wrong with a row, or undefined. The first that returns a text rejects the
   * row.
   */
  rules: Readonly<Record<string, (row: Row) => string | undefined>>;
  /** Share of a batch, 0 to 1. More rejected rows make the batch an error. */
  maxRejectRate: number;
  /** Share of accepted rows, 0 to 1, in which a column must have a value. */
  completeness: Readonly<Record<string, number>>;
  groupBy(row: Row): string;
  measure: { name: string; of(row: Row): number };
}

/** Formats a value of a row for a log line, cut to 40 characters. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
