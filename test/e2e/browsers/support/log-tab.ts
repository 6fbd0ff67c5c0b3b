import { setTimeout } from 'node:timers/promises';
import type { BrowserTab } from '../../../support/browsers/real-browser.ts';
import { allListed, byText, downloadedRows, reportComplaints } from './expressions.ts';

/** Longest wait for a condition, in milliseconds: below the limit of a test, so that the error names the condition. */
const limitMs = 60_000;
const pollMs = 25;

/** One row of the list, as the page's NDJSON download has it. */
interface Row {
  message?: string;
  text?: string;
  gap?: object;
}

/** Page object of the log viewer in one tab of any browser. */
export class LogTab {
  readonly #tab: BrowserTab;

  constructor(tab: BrowserTab) {
    this.#tab = tab;
  }

  async open(url: string): Promise<void> {
    await this.#tab.open(url);
    await this.#tab.evaluate(reportComplaints);
  }

  async reload(): Promise<void> {
    await this.#tab.reload();
    await this.#tab.evaluate(reportComplaints);
  }

  /** Opens another page of the BFF in this tab. */
  leave(url: string): Promise<void> {
    return this.#tab.open(url);
  }

  back(): Promise<void> {
    return this.#tab.back();
  }

  close(): Promise<void> {
    return this.#tab.close();
  }

  evaluate<T>(expression: string): Promise<T> {
    return this.#tab.evaluate(expression);
  }

  /** Resolves when `expression` is true in the page. One that throws, for instance during a navigation, is not. */
  async until(expression: string): Promise<void> {
    const endAt = Date.now() + limitMs;
    let problem: unknown;
    while (Date.now() < endAt) {
      try {
        if (await this.#tab.evaluate<boolean>(`Boolean(${expression})`)) return;
      } catch (cause) {
        problem = cause;
      }
      await setTimeout(pollMs);
    }
    const shown = await this.#tab.evaluate<string>('document.body.innerText').catch(String);
    throw new Error(`The page did not reach: ${expression}\nIt shows:\n${shown}`, { cause: problem });
  }

  /** Resolves when an element of this selector has this text, possibly among others. */
  untilText(selector: string, text: string): Promise<void> {
    return this.until(byText(selector, text));
  }

  untilStatus(status: string): Promise<void> {
    return this.until(`document.querySelector('[data-testid=connection]')?.dataset.status === '${status}'`);
  }

  untilToast(title: string): Promise<void> {
    return this.untilText('.toast-title', title);
  }

  /** Resolves when the page shows these totals. */
  untilTotal(original: number, fresh: number): Promise<void> {
    const number = (value: number) => value.toLocaleString('en');
    return this.untilText(
      '[data-testid=total]',
      `Total: ${number(original + fresh)} logs (${number(original)} original + ${number(fresh)} new)`,
    );
  }

  /** Resolves when the page has counted at least this many live logs. */
  untilFresh(atLeast: number): Promise<void> {
    const counted = `/\\+ ([\\d,]+) new/.exec(document.querySelector('[data-testid=total]').textContent)[1]`;
    return this.until(`Number(${counted}.replaceAll(',', '')) >= ${atLeast}`);
  }

  /** Clicks the first enabled element of this selector that has this text. */
  async click(text: string, selector = 'button'): Promise<void> {
    const element = byText(selector, text);
    await this.until(element);
    await this.#tab.click(element);
  }

  /** Types text into the field of this selector. */
  async type(selector: string, text: string): Promise<void> {
    await this.#tab.click(`document.querySelector('${selector}')`);
    await this.#tab.press(...text);
  }

  /** All rows that the filters show, oldest first: the numbers of numbered lines, the text of others, and gaps. */
  async rows(): Promise<(number | string)[]> {
    await this.until(allListed);
    const text = await this.#tab.evaluate<string>(downloadedRows);
    const rows = text
      .trimEnd()
      .split('\n')
      .map((row) => JSON.parse(row) as Row);
    return rows.map(({ message, text, gap }) => (gap ? 'gap' : (text ?? Number(message?.slice('Line '.length)))));
  }

  /** The numbers of the rows on the screen, from top to bottom. */
  rowsOnScreen(): Promise<number[]> {
    return this.#tab.evaluate(`[...document.querySelectorAll('[data-testid=line]')]
      .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
      .map((row) => Number(/Line (\\d+)/.exec(row.textContent)?.[1]))`);
  }

  /** Uncaught errors and violations of the Content-Security-Policy since the page was opened. */
  async complaints(): Promise<string[]> {
    return this.#tab.evaluate<string[]>('window.complaints ?? []');
  }
}
