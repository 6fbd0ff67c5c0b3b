import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { NeedName } from '../../scripts/needs.mjs';
import { startChromium } from '../support/browsers/chromium.ts';
import { startFirefox } from '../support/browsers/firefox.ts';
import type { PageBrowser } from '../support/browsers/real-browser.ts';
import { startWebKit } from '../support/browsers/webkit.ts';
import { needs } from '../support/needs.ts';
import { Script } from './support/script.ts';

const hostile = `<img src=x onerror="document.title='broken'">`;

const browsers: [NeedName, string, () => Promise<PageBrowser>][] = [
  ['chromium', 'Chromium', startChromium],
  ['firefox', 'Firefox', startFirefox],
  ['webkit', 'WebKit', startWebKit],
  ['chromium', 'Chromium without scripts', () => startChromium({ javaScriptEnabled: false })],
];

for (const [need, name, start] of browsers) {
  describe(`the admin page in ${name}`, () => {
    needs(need);
    let script: Script | undefined;
    let browser: PageBrowser | undefined;
    before(async () => {
      browser = await start();
    });
    after(() => browser?.close());
    afterEach(() => script?.scenario.close());

    it(`the admin page in ${name} breaks no figure into two lines where the window is narrow`, async () => {
      script = await Script.start();
      const { browser: visitor, request } = await script.open();
      const event = `data: ${'x'.repeat(1_500)}\n\n`;
      request.send(event);
      await visitor.sees(event);
      const page = browser as PageBrowser;
      await page.open(`http://127.0.0.1:${script.scenario.port}/admin/streams`);
      const read = () =>
        page.evaluate<Record<string, number>>(`(() => {
        document.body.style.width = '20rem';
        return Object.fromEntries([...document.querySelectorAll('#streams tbody td:nth-child(n + 5)')].map((cell) => {
          const text = document.createRange();
          text.selectNodeContents(cell);
          return [cell.textContent, text.getClientRects().length];
        }));
      })()`);
      // Without scripts the page reloads itself, perhaps right now.
      const lines = await read().catch(read);
      expect(lines).to.have.property('1.5 KiB', 1);
      expect(new Set(Object.values(lines))).to.deep.equal(new Set([1]));
    });

    it(`the admin page in ${name} shows streams as they come and go, without a reload by the user, and no markup of a user key`, async () => {
      script = await Script.start();
      await script.open({ user: hostile });
      for (let n = 0; n < 3; n++) await script.open({ route: n === 0 ? 'narrow' : 'logs' });
      const page = browser as PageBrowser;
      await page.open(`http://127.0.0.1:${script.scenario.port}/admin/streams`);
      const rows = () => page.evaluate<number>("document.querySelectorAll('#streams tbody tr').length");
      const reaches = async (count: number) => {
        while ((await rows().catch(() => 0)) !== count);
      };
      await reaches(4);
      const another = await script.open();
      await reaches(5);
      await script.leave(another);
      await reaches(4);
      const text = await page.evaluate<string>("document.querySelector('#streams').textContent");
      expect(text).to.include(hostile);
      expect(await page.evaluate("document.querySelectorAll('img').length")).to.equal(0);
      expect(await page.evaluate('document.title')).to.equal('Event streams');
      // The style sheet is not blocked. Without scripts the page may be reloading itself, and not have it yet.
      const display = () => page.evaluate<string>("getComputedStyle(document.querySelector('#totals')).display");
      while ((await display().catch(() => undefined)) !== 'grid');
      const state = await page.evaluate("document.querySelector('#state').textContent");
      expect(state).to.equal(name.includes('without') ? 'as of this time' : 'live');
      const folder = process.env.SCREENSHOTS;
      if (!folder) return;
      await mkdir(folder, { recursive: true });
      await writeFile(
        join(folder, `admin-page-${name.replaceAll(' ', '-').toLowerCase()}.png`),
        await page.screenshot(),
      );
    });
  });
}
