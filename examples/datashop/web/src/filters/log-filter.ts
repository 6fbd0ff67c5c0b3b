import type { Patch } from '../address.ts';
import { type Level, type LevelGroup, levelGroups, logLevels } from '../log.ts';

/** What both modes show. It is kept in the page's address, and both modes read it there. */
export interface LogFilter {
  readonly text: string;
  /** True if `text` is a regular expression. */
  readonly regex: boolean;
  /** True: matches are marked among all lines. False: only matching lines are shown. Stream mode only. */
  readonly marksAll: boolean;
  readonly levels: ReadonlySet<LevelGroup>;
  /** ISO 8601, or '' for no bound. `from` is included, `to` is not. */
  readonly from: string;
  readonly to: string;
  /** The number of an execution of the pipeline (`execID`), '' for all. */
  readonly run: string;
  readonly stage: string;
  /** Lines that contain one of these texts are hidden. */
  readonly exclude: readonly string[];
}

export const allLevels: ReadonlySet<LevelGroup> = new Set(levelGroups);

export const noFilter: LogFilter = {
  text: '',
  regex: false,
  marksAll: false,
  levels: allLevels,
  from: '',
  to: '',
  run: '',
  stage: '',
  exclude: [],
};

/** The log service's limits. */
export const maxTextChars = 200;
export const maxExcluded = 10;

/** The value of `level` that hides all lines. */
const noLevel = 'none';

export function readFilter(query: URLSearchParams): LogFilter {
  const get = (name: string) => query.get(name) ?? '';
  return {
    text: get('q').slice(0, maxTextChars),
    regex: query.has('regex'),
    marksAll: query.has('all'),
    levels: readLevels(get('level')),
    from: isoOrNone(get('from')),
    to: isoOrNone(get('to')),
    run: get('run').slice(0, maxTextChars),
    stage: get('stage').slice(0, maxTextChars),
    exclude: [...new Set(query.getAll('not').filter(Boolean))]
      .slice(0, maxExcluded)
      .map((text) => text.slice(0, maxTextChars)),
  };
}

function readLevels(text: string): ReadonlySet<LevelGroup> {
  if (text === '') return allLevels;
  const names = text.toUpperCase().split(',');
  const levels = new Set(levelGroups.filter((group) => names.includes(group)));
  return levels.size > 0 || text === noLevel ? levels : allLevels;
}

/** Accepts any date that the user may have typed into the address bar. */
function isoOrNone(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}

/** The parameters of the address that describe a filter. */
export function filterPatch({ text, regex, marksAll, levels, from, to, run, stage, exclude }: LogFilter): Patch {
  return {
    q: text,
    regex: regex ? '1' : undefined,
    all: marksAll ? '1' : undefined,
    level: levels.size === allLevels.size ? undefined : [...levels].join() || noLevel,
    from,
    to,
    run,
    stage,
    not: exclude,
  };
}

/** True if both select the same lines in the same way. */
export function sameFilter(a: LogFilter, b: LogFilter): boolean {
  return JSON.stringify(filterPatch(a)) === JSON.stringify(filterPatch(b));
}

/** True if the filter hides lines. */
export function isFiltered(filter: LogFilter): boolean {
  return !sameFilter({ ...filter, regex: false, marksAll: false }, noFilter);
}

/** The levels to request from the log service, which has only these four; undefined: all. */
export function serviceLevels({ levels }: LogFilter): Level[] | undefined {
  const wanted = logLevels.filter((level) => levels.has(level));
  return wanted.length === logLevels.length ? undefined : wanted;
}

/** The levels after a click on a level's switch, or on "only" beside it. "Only" twice shows all again. */
export function toggleLevel(levels: ReadonlySet<LevelGroup>, group: LevelGroup, only = false): ReadonlySet<LevelGroup> {
  if (only) return levels.size === 1 && levels.has(group) ? allLevels : new Set([group]);
  return new Set(levelGroups.filter((each) => (each === group ? !levels.has(each) : levels.has(each))));
}

/** The exclusions with this text added. Beyond the most that the log service accepts, the oldest is dropped. */
export function excluding(exclude: readonly string[], text: string): readonly string[] {
  const wanted = text.trim().slice(0, maxTextChars);
  if (wanted === '' || exclude.includes(wanted)) return exclude;
  return [...exclude, wanted].slice(-maxExcluded);
}
