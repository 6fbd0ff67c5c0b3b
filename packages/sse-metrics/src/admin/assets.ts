/**
 * The page's script: replaces the text of the page by that of each live update. It creates nodes and never parses HTML.
 */
export const script = `const { live } = document.body.dataset;
const byId = (id) => document.getElementById(id);
const source = new EventSource(live);

source.onopen = () => { byId('state').textContent = 'live'; };
source.onerror = () => {
  byId('state').textContent = source.readyState === EventSource.CLOSED ? 'ended: reload the page' : 'reconnecting';
};
source.onmessage = ({ data }) => {
  const { at, totals, tables } = JSON.parse(data);
  byId('state').textContent = 'live';
  byId('at').textContent = at;
  byId('totals').querySelectorAll('dd').forEach((element, index) => { element.textContent = totals[index][1]; });
  for (const { name, rows, more } of tables) {
    byId(name).tBodies[0].replaceChildren(...rows.map(toRow));
    byId(name + '-more').textContent = more > 0 ? 'and ' + more + ' more' : '';
  }
};

function toRow(cells) {
  const row = document.createElement('tr');
  for (const cell of cells) row.insertCell().textContent = cell;
  return row;
}
`;

export const styles = `:root { color-scheme: light dark; --line: #d5dbe1; --soft: #eef1f4; --link: #0b62a4; }
@media (prefers-color-scheme: dark) { :root { --line: #3a434c; --soft: #20262c; --link: #7cc0f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 90rem; padding: 1rem 1.5rem 3rem; font: 15px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 2rem; }
h1 { font-size: 1.4rem; margin: 0.5rem 0; }
h2 { font-size: 1.05rem; margin: 1.75rem 0 0.5rem; }
#totals { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0.5rem; margin: 0.5rem 0; }
#totals div { background: var(--soft); border-radius: 6px; padding: 0.5rem 0.75rem; }
dt { font-size: 0.8rem; }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
.scroll:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: start; padding: 0.35rem 0.75rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
/* Text of any length: user, route, about. */
#streams td:nth-child(n + 2):nth-child(-n + 4), #feeds td:nth-child(3) {
  max-width: 24rem; white-space: normal; overflow-wrap: anywhere;
}
td:nth-child(3) { min-width: 9rem; }
th { background: var(--soft); font-weight: 600; }
tbody tr:last-child td { border-bottom: 0; }
td:first-child { font-family: ui-monospace, monospace; font-size: 0.85rem; }
a { color: var(--link); }
`;
