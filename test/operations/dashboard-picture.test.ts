import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { drawDashboard } from './support/chart.ts';
import { readPanels } from './support/dashboard.ts';
import { inRepository } from './support/promtool.ts';

describe('the picture of the dashboard', () => {
  it('docs/dashboard.svg shows each panel of the dashboard with data; `npm run dashboard` renews it', () => {
    const picture = readFileSync(inRepository('docs/dashboard.svg'), 'utf8');
    const drawn = [...picture.matchAll(/<text class="title"[^>]*>([^<]*)<\/text>(.*?)<\/g>/gs)];
    expect(drawn.map(([, title]) => title)).to.deep.equal(readPanels().map(({ title }) => title));
    for (const [, title, rest] of drawn) {
      if (!/Gaps|Evicted|outage|Late/i.test(title!)) expect(rest, title).to.match(/class="c c0" d="M[\d.]+ [\d.]+L/);
    }
  });

  it('the picture of the dashboard escapes labels, and has a panel without data', () => {
    const curves = [{ label: '<b>&"', points: [[0, 1] as const, [10, 2] as const] }];
    const panel = { title: 'A & B', description: '', unit: 's', curves };
    const picture = drawDashboard([panel, { ...panel, curves: [] }], 0, 10);
    expect(picture).to.include('A &#38; B').and.include('&#60;b&#62;&#38;&#34;').and.not.include('NaN');
  });
});
