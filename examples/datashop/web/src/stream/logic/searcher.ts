export interface SearchRequest {
  readonly id: number;
  readonly pattern: RegExp;
  readonly texts: readonly string[];
}

export interface SearchReply {
  readonly id: number;
  readonly verdicts: Uint8Array;
}

/** As much of a Worker as is used. */
export interface SearchPort {
  onmessage: ((event: MessageEvent<SearchReply>) => void) | null;
  postMessage(request: SearchRequest): void;
  terminate(): void;
}

export type Answer = { readonly verdicts: Uint8Array } | 'stopped' | 'superseded';

/** A thousand lines take a few milliseconds; a pattern that has not come to its end by then never may. */
export const patienceMs = 2_000;

/**
 * Runs patterns where they hold up nobody. There is no way to interrupt a regular expression but to end the worker that
 * runs it.
 */
export class Searcher {
  readonly #open: () => SearchPort;
  #port: SearchPort | null = null;
  #id = 0;
  #settle: ((answer: Answer) => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: () => SearchPort) {
    this.#open = open;
  }

  /** One question at a time: another one ends the one before. */
  match(pattern: RegExp, texts: readonly string[], limitMs = patienceMs): Promise<Answer> {
    this.stop();
    const id = ++this.#id;
    this.#port ??= this.#open();
    this.#port.onmessage = ({ data }) => {
      if (data.id === id) this.#end({ verdicts: data.verdicts });
    };
    this.#port.postMessage({ id, pattern, texts });
    this.#timer = setTimeout(() => this.#kill('stopped'), limitMs);
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Gives up what is being judged. */
  stop(): void {
    if (this.#settle !== null) this.#kill('superseded');
  }

  close(): void {
    this.#kill('superseded');
  }

  #kill(answer: Answer): void {
    this.#port?.terminate();
    this.#port = null;
    this.#end(answer);
  }

  #end(answer: Answer): void {
    clearTimeout(this.#timer);
    this.#settle?.(answer);
    this.#settle = null;
  }
}
