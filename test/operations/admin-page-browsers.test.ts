import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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

/**
 * Resolves when the expression has the value. Without scripts the page reloads itself at any moment: the driver then
 * rejects a call, or never ends it.
 */
async function shows(page: PageBrowser, expression: string, expected: unknown): Promise<void> {
  for (let value: unknown; value !== expected; await delay(10)) {
    const lost = delay(2_000, undefined, { ref: false });
    value = await Promise.race([page.evaluate(expression).catch(() => undefined), lost]);
  }
}

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
      const reaches = (count: number) => shows(page, "document.querySelectorAll('#streams tbody tr').length", count);
      await reaches(4);
      const another = await script.open();
      await reaches(5);
      await script.leave(another);
      await reaches(4);
      await shows(page, `document.querySelector('#streams').textContent.includes(${JSON.stringify(hostile)})`, true);
      await shows(page, "document.querySelectorAll('img').length", 0);
      await shows(page, 'document.title', 'Event streams');
      // The style sheet is not blocked.
      await shows(page, "getComputedStyle(document.querySelector('#totals')).display", 'grid');
      const state = name.includes('without') ? 'as of this time' : 'live';
      await shows(page, "document.querySelector('#state').textContent", state);
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
