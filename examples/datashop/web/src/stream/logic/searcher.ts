import type { Matches } from './match-texts.ts';

export interface SearchRequest {
  readonly id: number;
  readonly pattern: RegExp;
  readonly texts: readonly string[];
}

/** `ready` once the worker has started; then one reply per request. */
export type SearchReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'matches'; readonly id: number; readonly matches: Matches }
  /** The pattern can't be run: too large, for instance. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

/** The part of the Worker interface that is used. */
export interface SearchPort {
  onmessage: ((event: MessageEvent<SearchReply>) => void) | null;
  postMessage(request: SearchRequest): void;
  terminate(): void;
}

export type Answer =
  | { readonly kind: 'matches'; readonly matches: Matches }
  | { readonly kind: 'failed'; readonly message: string }
  /** The request took longer than allowed. */
  | { readonly kind: 'stopped' }
  /** Another request replaced this one. */
  | { readonly kind: 'superseded' };

/** Longest run of one request, in milliseconds. A backtracking pattern may need longer than any limit. */
export const maxRunMs = 2_000;

/** Runs patterns in a worker. Only terminating the worker can interrupt a regular expression. */
export class Searcher {
  readonly #open: () => SearchPort;
  #port: SearchPort | null = null;
  #isReady = false;
  #id = 0;
  #settle: ((answer: Answer) => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: () => SearchPort) {
    this.#open = open;
  }

  /** Supersedes the request before it. The time of the worker's start does not count as run time. */
  match(pattern: RegExp, texts: readonly string[], limitMs = maxRunMs): Promise<Answer> {
    this.stop();
    const id = ++this.#id;
    this.#port ??= this.#open();
    const port = this.#port;
    const startTimer = () => {
      this.#timer = setTimeout(() => this.#terminate({ kind: 'stopped' }), limitMs);
    };
    port.onmessage = ({ data }) => {
      if (data.kind === 'ready') {
        this.#isReady = true;
        startTimer();
      } else if (data.id === id) this.#end(data);
    };
    port.postMessage({ id, pattern, texts });
    if (this.#isReady) startTimer();
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Ends the running request with `superseded`. */
  stop(): void {
    if (this.#settle !== null) this.#terminate({ kind: 'superseded' });
  }

  /** Ends the worker and the running request. */
  close(): void {
    this.#terminate({ kind: 'superseded' });
  }

  #terminate(answer: Answer): void {
    this.#port?.terminate();
    this.#port = null;
    this.#isReady = false;
    this.#end(answer);
  }

  #end(answer: Answer): void {
    clearTimeout(this.#timer);
    this.#settle?.(answer);
    this.#settle = null;
  }
}
