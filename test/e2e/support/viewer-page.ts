import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { untilStatus, type Visit } from './page.ts';

/** One row of a downloaded NDJSON file. */
export interface Downloaded {
  message?: string;
  text?: string;
  gap?: { reason: string };
}

/** Page object of Stream mode in one tab. */
export class StreamPage {
  readonly page: Page;
  readonly allow: Visit['allow'];

  constructor({ page, allow }: Visit) {
    this.page = page;
    this.allow = allow;
  }

  /** Opens another tab with the same profile; resolves when it is connected. */
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

  /** Reconnects with the buttons, without the backoff of a lost connection. */
  async reconnect(): Promise<void> {
    await this.button('Disconnect').click();
    await this.button('Connect').click();
  }

  /** Resolves when the page shows these totals. */
  async untilTotal(original: number, fresh: number): Promise<void> {
    const number = (value: number) => value.toLocaleString('en');
    const said = `Total: ${number(original + fresh)} logs (${number(original)} original + ${number(fresh)} new)`;
    await this.page.getByTestId('total').getByText(said, { exact: true }).waitFor();
  }

  /** Resolves when the list has this many rows, gaps included. The list is updated after the totals. */
  async untilRows(count: number): Promise<void> {
    await this.page.locator(`[role=listitem][aria-setsize="${count}"]`).first().waitFor();
  }

  /** All visible rows, oldest first, read with the page's NDJSON download. */
  async shown(): Promise<Downloaded[]> {
    await this.#untilListed();
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

  /** The numbers of all visible lines, oldest first; a gap is 'gap'. */
  async numbers(): Promise<(number | 'gap')[]> {
    return (await this.shown()).map(({ message, gap }) => (gap ? 'gap' : Number(message?.slice('Line '.length))));
  }

  /** Resolves when the list has as many lines as the totals show, and no search is running: it is updated later. */
  async #untilListed(): Promise<void> {
    await this.page.waitForFunction(() => {
      const number = (text: string | null | undefined) => Number(/[\d,]+/.exec(text ?? '')?.[0].replaceAll(',', ''));
      const counts = [...document.querySelectorAll('.level-chip-count')].map(({ textContent }) => number(textContent));
      const total = number(document.querySelector('[data-testid=total]')?.textContent);
      const dropped = number(document.querySelector('[data-testid=dropped]')?.textContent ?? '0');
      const isSearching = document.querySelector('.Stream-found')?.textContent?.startsWith('Searching');
      return counts.reduce((sum, count) => sum + count, 0) === total - dropped && !isSearching;
    });
  }
}

/** The numbers from `from` to `to`, both included. */
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
