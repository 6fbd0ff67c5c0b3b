import { session } from './example-bff.ts';
import { Reader, type Received } from './reader.ts';

/** A signed-in browser that can leave and come back with the id of its last log, as `EventSource` does. */
export class ReturningBrowser {
  readonly #url: string;
  readonly #visits: Reader[] = [];

  private constructor(url: string) {
    this.#url = url;
  }

  static async open(url: string): Promise<ReturningBrowser> {
    const browser = new ReturningBrowser(url);
    await browser.return();
    return browser;
  }

  async return(): Promise<void> {
    const id = this.ids.at(-1);
    const headers = { ...session, ...(id !== undefined && { 'last-event-id': id }) };
    this.#visits.push(await Reader.open(this.#url, undefined, headers));
  }

  leave(): void {
    this.#visits.at(-1)?.leave();
  }

  /** True once the log with this number has arrived. @throws Error if the stream has ended */
  hasReached(number: number): boolean {
    const { newest = 0, ended } = this.#visits.at(-1) ?? {};
    if (ended && newest < number) throw new Error(`a stream ended: ${ended}`);
    return newest >= number;
  }

  get received(): Received[] {
    return this.#visits.flatMap(({ received }) => received);
  }

  get ids(): string[] {
    return this.#visits.flatMap(({ ids }) => ids);
  }
}
