import { serverNamed } from './catalogue.ts';
import { atHighestRate, figure, type Report, type Result } from './results.ts';
import type { Metric } from './rounds/figures.ts';
import { short } from './tables.ts';

const width = 760;
const labelWidth = 210;
const plotWidth = width - labelWidth - 90;
const rowHeight = 22;
const panelGap = 34;
const lineHeight = 220;

// A picture in a page can't read the page's colours, but it can use the system's colour scheme.
const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 15px; }
  .ours { fill: #0969da; } .library { fill: #8c959f; } .reference { fill: #bf8700; }
  .axis { stroke: #8c959f; stroke-width: 1; fill: none; }
  .line { stroke-width: 2; fill: none; }
  .s0 { stroke: #0969da; } .s1 { stroke: #1a7f37; } .s2 { stroke: #8c959f; } .s3 { stroke: #bf8700; } .s4 { stroke: #8250df; }
  .t0 { fill: #0969da; } .t1 { fill: #1a7f37; } .t2 { fill: #6e7781; } .t3 { fill: #9a6700; } .t4 { fill: #8250df; }
  .background { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .background { fill: #0d1117; }
    .ours { fill: #4493f8; } .library { fill: #7d8590; } .reference { fill: #d29922; }
    .s0 { stroke: #4493f8; } .s1 { stroke: #3fb950; } .s2 { stroke: #9198a1; } .s3 { stroke: #d29922; } .s4 { stroke: #ab7df8; }
    .t0 { fill: #4493f8; } .t1 { fill: #3fb950; } .t2 { fill: #9198a1; } .t3 { fill: #d29922; } .t4 { fill: #ab7df8; }
  }`;

/** A part of the picture. */
interface Panel {
  readonly height: number;
  /** SVG elements, from y = 0 downwards. */
  readonly body: string;
}

/** Escapes text for XML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}"${attributes}>${escapeXml(content)}</text>`;
}

function bars(title: string, results: readonly Result[], metric: Metric): Panel | undefined {
  const rows = results
    .map((result) => ({ server: serverNamed(result.server), value: figure(result, metric)?.median }))
    .filter((row): row is typeof row & { value: number } => row.value !== undefined)
    .sort((left, right) => left.value - right.value);
  if (rows.length === 0) return undefined;
  const most = Math.max(...rows.map(({ value }) => value), 1e-9);
  const drawn = rows.map(({ server, value }, index) => {
    const y = 14 + index * rowHeight;
    const length = (Math.max(0, value) / most) * plotWidth;
    return [
      text(labelWidth - 8, y + 15, server.label, ' text-anchor="end"'),
      `<rect class="${server.kind}" x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${rowHeight - 5}"/>`,
      text(labelWidth + length + 6, y + 15, short(value)),
    ].join('');
  });
  return { height: 14 + rows.length * rowHeight, body: [text(0, 4, title, ' class="title"'), ...drawn].join('\n') };
}

function lines(title: string, results: readonly Result[], metric: Metric): Panel | undefined {
  const points = results
    .map((result) => ({ ...result, value: figure(result, metric)?.median }))
    .filter((point): point is typeof point & { value: number } => point.value !== undefined);
  const sizes = [...new Set(points.map(({ browsers }) => browsers))];
  if (sizes.length < 2) return undefined;
  const [low, high] = [Math.log10(Math.min(...sizes)), Math.log10(Math.max(...sizes))];
  const most = Math.max(...points.map(({ value }) => value));
  const x = (browsers: number) => labelWidth + ((Math.log10(browsers) - low) / (high - low)) * plotWidth;
  const y = (value: number) => lineHeight - (value / most) * (lineHeight - 30);
  const axis = `<path class="axis" d="M${labelWidth} 20V${lineHeight}H${labelWidth + plotWidth}"/>`;
  const marks = [...new Set(points.map(({ wanted }) => wanted))].map((size) =>
    text(x(Math.min(size, 10 ** high)), lineHeight + 18, size.toLocaleString('en'), ' text-anchor="middle"'),
  );
  const scale = [0, most].map((value) => text(labelWidth - 8, y(value) + 4, short(value), ' text-anchor="end"'));
  const curves = [...new Set(points.map(({ server }) => server))].map((server, index) => {
    const own = points.filter((point) => point.server === server);
    const path = own.map(({ browsers, value }) => `${x(browsers).toFixed(1)} ${y(value).toFixed(1)}`).join('L');
    return [
      `<path class="line s${index}" d="M${path}"/>`,
      text(0, 40 + index * 20, serverNamed(server).label, ` class="t${index}"`),
    ].join('');
  });
  const heading = text(0, 4, title, ' class="title"');
  return { height: lineHeight + 24, body: [heading, axis, ...marks, ...scale, ...curves].join('\n') };
}

/** A run as an SVG picture. */
export function chart(report: Report): string {
  const of = (workload: string) => report.results.filter((result) => result.workload === workload);
  const panels = [
    bars('own upstream: CPU µs per event (100 browsers of each, all servers at once)', of('busy-at-once'), 'cpuUs'),
    bars('one source: CPU µs per delivered event (1,000 browsers of each, all at once)', of('fan-at-once'), 'cpuUs'),
    bars('idle: KB per browser', of('idle'), 'kb'),
    bars(
      'log service: CPU µs per delivered log of 320 B, at the highest rate sustained (100 listeners)',
      atHighestRate(report, '320 B'),
      'cpuUs',
    ),
    lines('scale: CPU µs per delivered event, from few browsers to many', of('scale'), 'cpuUs'),
  ].filter((panel) => panel !== undefined);
  let y = panelGap;
  const drawn = panels.map(({ body, height }) => {
    const group = `<g transform="translate(16 ${y})">\n${body}\n</g>`;
    y += height + panelGap;
    return group;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 32} ${y}" role="img" aria-label="CPU and memory of sse-proxy next to other servers; shorter is better">
<style>${style}
</style>
<rect class="background" width="100%" height="100%"/>
${drawn.join('\n')}
</svg>
`;
}
