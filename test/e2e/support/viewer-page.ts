import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { untilStatus, type Visit } from './page.ts';

/** One row of a downloaded NDJSON file. */
export interface Downloaded {
  message?: string;
  text?: string;
  gap?: { reason: string };
}

/** Stream mode in one tab, as a visitor sees and uses it. */
export class StreamPage {
  readonly page: Page;
  readonly allow: Visit['allow'];

  constructor({ page, allow }: Visit) {
    this.page = page;
    this.allow = allow;
  }

  /** Another tab of the same visitor, once it is live. */
  async another(): Promise<StreamPage> {
    const page = await this.page.context().newPage();
    await page.goto(this.page.url());
    const opened = new StreamPage({ page, allow: this.allow });
    await opened.until('connected');
    return opened;
  }

  get connection(): Locator {
    return this.page.getByTestId('connection');
  }

  get lines(): Locator {
    return this.page.getByTestId('line');
  }

  get gaps(): Locator {
    return this.page.getByTestId('gap');
  }

  get jump(): Locator {
    return this.page.getByTestId('jump');
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  /** The row of a numbered log. */
  line(number: number): Locator {
    return this.lines.filter({ hasText: new RegExp(`Line ${number}(?!\\d)`) });
  }

  /** The button that shows and hides a level. */
  level(level: string): Locator {
    return this.page.getByRole('group', { name: 'Levels shown' }).locator(`[data-level=${level}]`);
  }

  toast(title: string): Locator {
    return this.page.locator('.toast').getByText(title, { exact: true });
  }

  until(status: string): Promise<void> {
    return untilStatus(this.page, status);
  }

  /** Off and on by the buttons: a connection that is lost comes back two seconds later at the earliest. */
  async reconnect(): Promise<void> {
    await this.button('Disconnect').click();
    await this.button('Connect').click();
  }

  /** Resolves when the page says that it has so many logs. */
  async untilTotal(original: number, fresh: number): Promise<void> {
    const number = (value: number) => value.toLocaleString('en');
    const said = `Total: ${number(original + fresh)} logs (${number(original)} original + ${number(fresh)} new)`;
    await this.page.getByTestId('total').getByText(said, { exact: true }).waitFor();
  }

  /** Resolves when the list has so many rows, gaps included: it is drawn ten times a second. */
  async untilRows(count: number): Promise<void> {
    await this.page.locator(`[role=listitem][aria-setsize="${count}"]`).first().waitFor();
  }

  /** All that is shown, oldest first, by the page's own NDJSON download. */
  async shown(): Promise<Downloaded[]> {
    const [, text] = await this.download('Download NDJSON');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Downloaded);
  }

  async download(button: 'Download text' | 'Download NDJSON'): Promise<[name: string, text: string]> {
    const coming = this.page.waitForEvent('download');
    await this.button(button).press('Enter');
    const download = await coming;
    return [download.suggestedFilename(), await readFile(await download.path(), 'utf8')];
  }

  /** The numbers of all lines that are shown, oldest first; a gap is 'gap'. */
  async numbers(): Promise<(number | 'gap')[]> {
    await this.#untilListed();
    return (await this.shown()).map(({ message, gap }) => (gap ? 'gap' : Number(message?.slice('Line '.length))));
  }

  /** The list is drawn ten times a second, the total with every frame: resolves when it has them all. */
  async #untilListed(): Promise<void> {
    await this.page.waitForFunction(() => {
      const number = (text: string | null | undefined) => Number(/[\d,]+/.exec(text ?? '')?.[0].replaceAll(',', ''));
      const counts = [...document.querySelectorAll('.Stream-count')].map(({ textContent }) => number(textContent));
      const total = document.querySelector('[data-testid=total]')?.textContent;
      return counts.reduce((sum, count) => sum + count, 0) === number(total);
    });
  }
}

/** The numbers from one to another, both included. */
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
