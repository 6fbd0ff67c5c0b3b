import { escapeXml } from '../../bench/chart.ts';
import type { FleetReport, Sample } from './run.ts';

const width = 900;
const left = 60;
const plotWidth = width - left - 20;
const panelHeight = 120;
const gap = 46;

// A picture in a page can't read the page's colours, but it can use the system's colour scheme.
const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; } .title { font-weight: 600; font-size: 14px; }
  .axis { stroke: #8c959f; fill: none; } .mark { stroke: #d0d7de; } .open { stroke: #0969da; } .upstream { stroke: #9a6700; }
  .line { fill: none; stroke-width: 2; } .background { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .background { fill: #0d1117; } .mark { stroke: #30363d; }
    .open { stroke: #4493f8; } .upstream { stroke: #d29922; }
  }`;

/** A run as an SVG picture: open streams and upstream connections over time, with a line for each step. */
export function drawChart(report: FleetReport): string {
  const { samples, steps, browsers, instances } = report;
  const endMs = samples.at(-1)?.atMs ?? 1;
  const x = (ms: number) => left + (ms / endMs) * plotWidth;
  const panel = (top: number, title: string, kind: string, most: number, value: (sample: Sample) => number) => {
    const y = (n: number) => top + panelHeight - (Math.min(n, most) / most) * panelHeight;
    const points = samples.map((sample) => `${x(sample.atMs).toFixed(1)} ${y(value(sample)).toFixed(1)}`);
    return [
      `<text class="title" x="${left}" y="${top - 10}">${title}</text>`,
      ...[0, most].map((n) => `<text x="${left - 8}" y="${y(n) + 4}" text-anchor="end">${n}</text>`),
      `<path class="axis" d="M${left} ${top}V${top + panelHeight}H${left + plotWidth}"/>`,
      `<path class="line ${kind}" d="M${points.join('L')}"/>`,
    ].join('\n');
  };
  const tops = [40, 40 + panelHeight + gap] as const;
  const bottom = tops[1] + panelHeight;
  const lines = steps.map(({ atMs }, index) => {
    const at = x(atMs).toFixed(1);
    return `<path class="mark" d="M${at} ${tops[0]}V${bottom}"/><text x="${at}" y="${bottom + 16}">${index + 1}</text>`;
  });
  const legend = steps.map(({ what }, index) => {
    const [column, row] = [index % 2, Math.floor(index / 2)];
    return `<text x="${left + column * (plotWidth / 2)}" y="${bottom + 44 + row * 18}">${index + 1}  ${escapeXml(what)}</text>`;
  });
  const height = bottom + 44 + Math.ceil(steps.length / 2) * 18;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Open streams and upstream connections while parts of a fleet are killed">
<style>${style}
</style>
<rect class="background" width="100%" height="100%"/>
${lines.join('\n')}
${panel(tops[0], `open streams of ${browsers} browsers`, 'open', browsers, ({ open }) => open)}
${panel(tops[1], 'connections at the upstream', 'upstream', instances, ({ upstreamConnections }) => upstreamConnections ?? 0)}
${legend.join('\n')}
</svg>
`;
}
