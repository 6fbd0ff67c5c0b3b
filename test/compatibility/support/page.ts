import type { Area } from './cell.ts';

/** Cell → what its place in the table says. */
export type Results = ReadonlyMap<Area['cells'][number], string>;

/** One area as Markdown. */
export function tableOf({ title, text, cells }: Area, results: Results): string {
  const rows = [...new Set(cells.map(({ row }) => row))];
  const columns = [...new Set(cells.map(({ column }) => column))];
  const at = (row: string, column: string) => {
    const cell = cells.find((it) => it.row === row && it.column === column);
    return (cell && results.get(cell)) ?? '–';
  };
  const line = (values: readonly string[]) => `| ${values.join(' | ')} |`;
  return [
    `## ${title}\n\n${text}\n`,
    line(['', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map((row) => line([row, ...columns.map((column) => at(row, column))])),
  ].join('\n');
}

const begin = '<!-- results: npm run compatibility -- --write -->';
const end = '<!-- end of results -->';

/** What docs/compatibility.md has between its two comments. */
export function resultsIn(page: string): string {
  return page.slice(page.indexOf(begin) + begin.length, page.indexOf(end)).trim();
}

/** The page with other results. */
export function pageWith(page: string, results: string): string {
  return `${page.slice(0, page.indexOf(begin) + begin.length)}\n\n${results}\n\n${page.slice(page.indexOf(end))}`;
}
