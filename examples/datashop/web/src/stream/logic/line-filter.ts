import type { LogFilter } from '../../filters/log-filter.ts';
import { type Line, searchText } from './line.ts';

type Fields = Pick<LogFilter, 'from' | 'to' | 'run' | 'stage' | 'exclude'>;

/** Whether a line passes the filters other than levels and search; null if all do. As the log service's filters do. */
export function lineFilter({ from, to, run, stage, exclude }: Fields): ((line: Line) => boolean) | null {
  if (from === '' && to === '' && run === '' && stage === '' && exclude.length === 0) return null;
  const fromMs = from === '' ? Number.NEGATIVE_INFINITY : Date.parse(from);
  const toMs = to === '' ? Number.POSITIVE_INFINITY : Date.parse(to);
  const hidden = exclude.map((text) => text.toLowerCase());
  return (line) => {
    if (line.time < fromMs || line.time >= toMs) return false;
    if ((run !== '' && line.run !== run) || (stage !== '' && line.stage !== stage)) return false;
    if (hidden.length === 0) return true;
    const text = searchText(line).toLowerCase();
    return !hidden.some((each) => text.includes(each));
  };
}
