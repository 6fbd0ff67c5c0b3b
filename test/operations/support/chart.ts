import { escapeXml } from '../../bench/chart.ts';
import type { DashboardPanel } from './dashboard.ts';

/** One curve: its legend and its points, time in seconds. */
export interface Curve {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
}

/** A panel with the data that its queries returned. */
export interface FilledPanel extends Pick<DashboardPanel, 'title' | 'description'> {
  readonly unit: string;
  readonly curves: readonly Curve[];
}

const columns = 3;
const width = 400;
const height = 230;
const gap = 16;
const plot = { left: 58, right: 12, top: 34, bottom: 72 };
const maxCurves = 6;

// A picture in a page can't read the page's colours, but it can use the system's colour scheme.
const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 14px; }
  .background { fill: #f6f8fa; } .panel { fill: #ffffff; stroke: #d1d9e0; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .c { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
  .c0 { stroke: #0969da; } .c1 { stroke: #bf5700; } .c2 { stroke: #1a7f37; } .c3 { stroke: #8250df; } .c4 { stroke: #bf3989; } .c5 { stroke: #6e7781; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .background { fill: #010409; } .panel { fill: #0d1117; stroke: #3d444d; } .grid { stroke: #3d444d; }
    .c0 { stroke: #4493f8; } .c1 { stroke: #f0883e; } .c2 { stroke: #3fb950; } .c3 { stroke: #ab7df8; } .c4 { stroke: #f778ba; } .c5 { stroke: #9198a1; }
  }`;

/** Draws the panels as one SVG picture, in the dashboard's order. Times in seconds. */
export function drawDashboard(panels: readonly FilledPanel[], start: number, end: number): string {
  const rows = Math.ceil(panels.length / columns);
  const [w, h] = [columns * (width + gap) + gap, rows * (height + gap) + gap];
  const drawn = panels.map((panel, index) => {
    const x = gap + (index % columns) * (width + gap);
    const y = gap + Math.floor(index / columns) * (height + gap);
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, start, end)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" role="img" aria-label="The dashboard's panels">
<style>${style}
</style>
<rect class="background" width="${w}" height="${h}"/>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, description, unit, curves }: FilledPanel, start: number, end: number): string {
  const shown = curves.slice(0, maxCurves);
  const most = niceMaximum(Math.max(...shown.flatMap(({ points }) => points.map(([, value]) => value)), 0), unit);
  const right = width - plot.right;
  const bottom = height - plot.bottom;
  const x = (time: number) => plot.left + ((time - start) / (end - start)) * (right - plot.left);
  const y = (value: number) => bottom - (value / most) * (bottom - plot.top);
  const marks = [0, most / 2, most].map(
    (value) =>
      `<path class="grid" d="M${plot.left} ${y(value)}H${right}"/><text x="${plot.left - 6}" y="${y(value) + 4}" text-anchor="end">${escapeXml(withUnit(value, unit))}</text>`,
  );
  const times = [0, 0.5, 1].map((share) => {
    const anchor = share === 0 ? 'start' : share === 1 ? 'end' : 'middle';
    const at = x(start + share * (end - start));
    return `<text x="${at}" y="${bottom + 16}" text-anchor="${anchor}">${Math.round(share * (end - start))} s</text>`;
  });
  const lines = shown.map(
    ({ points }, index) =>
      `<path class="c c${index}" d="${points.map(([time, value], n) => `${n === 0 ? 'M' : 'L'}${x(time).toFixed(1)} ${y(value).toFixed(1)}`).join('')}"/>`,
  );
  return [
    `<title>${escapeXml(`${title}: ${description}`)}</title>`,
    `<rect class="panel" width="${width}" height="${height}" rx="6"/>`,
    `<text class="title" x="12" y="20">${escapeXml(title)}</text>`,
    ...marks,
    ...times,
    ...lines,
    legend(shown.map(({ label }) => label)),
  ].join('');
}

/** The labels below the plot, as many as fit into two lines. */
function legend(labels: readonly string[]): string {
  let x = 12;
  let y = height - 32;
  return labels
    .map((label, index) => {
      const length = 26 + label.length * (/^[A-Z_]+$/.test(label) ? 8.4 : 6.6);
      if (x + length > width) {
        x = 12;
        y += 20;
      }
      const at = x;
      x += length;
      if (y > height) return '';
      return `<path class="c c${index}" d="M${at} ${y - 4}h12"/><text x="${at + 16}" y="${y}">${escapeXml(label)}</text>`;
    })
    .join('');
}

/** The smallest of 1, 2 and 5 times a power of ten (of two for bytes) that is at least `value`. */
function niceMaximum(value: number, unit: string): number {
  if (value <= 0) return 1;
  if (/^(bytes|Bps)$/.test(unit)) return 2 ** Math.ceil(Math.log2(value));
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function withUnit(value: number, unit: string): string {
  const round = (it: number) => String(Number(it.toPrecision(3)));
  if (unit === 's') return value !== 0 && value < 1 ? `${round(value * 1_000)} ms` : `${round(value)} s`;
  if (!/^(bytes|Bps)$/.test(unit)) return round(value);
  const index = Math.min(3, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${round(value / 1_024 ** index)} ${['B', 'KiB', 'MiB', 'GiB'][index]}`;
}
