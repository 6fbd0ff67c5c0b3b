import { columns, type SortKey, type Table, type View } from './view.ts';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for an element or a quoted attribute of HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** Paths and presentation of the page. */
export interface PageParts {
  readonly title: string;
  /** Path under which the handler is mounted, without a slash at its end. */
  readonly base: string;
  readonly sort: SortKey;
  readonly refreshMs: number;
}

/** The whole page. Without scripts it reloads itself. */
export function renderPage(view: View, { title, base, sort, refreshMs }: PageParts): string {
  const path = escapeHtml(base);
  const name = escapeHtml(title);
  const seconds = Math.max(1, Math.ceil(refreshMs / 1_000));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${name}</title>
<link rel="stylesheet" href="${path}/page.css">
<link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="${seconds}"></noscript>
<script type="module" src="${path}/live.js"></script>
</head>
<body data-live="${path}/live?sort=${sort}">
<header>
<h1>${name}</h1>
<p><time id="at">${escapeHtml(view.at)}</time> <span id="state">as of this time</span></p>
</header>
<main>
<dl id="totals">
${view.totals.map(([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('\n')}
</dl>
${view.tables.map((table) => renderTable(table, path, sort)).join('\n')}
</main>
</body>
</html>
`;
}

const captions: Record<Table['name'], string> = { streams: 'Open streams', feeds: 'Shared feeds' };

function renderTable({ name, rows, more }: Table, path: string, sort: SortKey): string {
  const head = columns[name].map(([label, key]) => {
    if (!key) return `<th scope="col">${label}</th>`;
    const isSorted = key === sort ? ' aria-sort="descending"' : '';
    return `<th scope="col"${isSorted}><a href="${path}/?sort=${key}">${label}</a></th>`;
  });
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`);
  return `<section>
<h2 id="${name}-title">${captions[name]}</h2>
<div class="scroll" role="region" aria-labelledby="${name}-title" tabindex="0">
<table id="${name}" aria-labelledby="${name}-title">
<thead><tr>${head.join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>
</div>
<p id="${name}-more">${moreText(more)}</p>
</section>`;
}

/** The line below a table that doesn't list everything. */
export function moreText(more: number): string {
  return more > 0 ? `and ${more} more` : '';
}
