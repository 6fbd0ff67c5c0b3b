import type { Tarballs } from '../../packages/support/pack.ts';
import type { Project } from '../../packages/support/project.ts';

/** What every area gets. */
export interface Bench {
  readonly tarballs: Tarballs;
  /** A project with these dependencies and the tarballs of `packages`; the same name gives the same project. */
  project(name: string, dependencies: Readonly<Record<string, string>>): Promise<Project>;
}

/** One place of a table: tried for real. */
export interface Cell {
  readonly row: string;
  readonly column: string;
  /** Resolves with what the table says instead of ✓. Throws if it does not work. */
  run(bench: Bench): Promise<string | undefined>;
}

/** One table of docs/compatibility.md. */
export interface Area {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** What is tried, in a sentence or two. */
  readonly text: string;
  readonly cells: readonly Cell[];
}

const boundMs = 60_000;

/** @throws if the promise takes longer than a minute; `what` names it */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${boundMs / 1000} s`)), boundMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
