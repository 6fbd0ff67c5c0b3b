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
/**
 * Time in which a worker may still reply to a replaced request, in milliseconds. Terminating it is the last resort,
 * because starting another worker blocks the page.
 */
const defaultGraceMs = 200;

interface Wanted {
  readonly request: SearchRequest;
  readonly limitMs: number;
  readonly settle: (answer: Answer) => void;
}

/**
 * Runs patterns in a worker, one request after the other. Only terminating the worker can interrupt a regular
 * expression.
 */
export class Searcher {
  readonly #open: () => SearchPort;
  readonly #graceMs: number;
  #port: SearchPort | null = null;
  #isReady = false;
  #id = 0;
  /** The request that is not settled yet. It is posted once the worker has replied to the one before. */
  #wanted: Wanted | null = null;
  /** Id of the request that the worker has; 0 for none. */
  #posted = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: () => SearchPort, graceMs = defaultGraceMs) {
    this.#open = open;
    this.#graceMs = graceMs;
  }

  /** Supersedes the request before it. The time of the worker's start does not count as run time. */
  match(pattern: RegExp, texts: readonly string[], limitMs = maxRunMs): Promise<Answer> {
    this.stop();
    return new Promise((settle) => {
      this.#id += 1;
      this.#wanted = { request: { id: this.#id, pattern, texts }, limitMs, settle };
      if (this.#posted === 0) this.#post(this.#wanted);
    });
  }

  /** Ends the running request with `superseded`. Terminates its worker only if that does not reply soon. */
  stop(): void {
    const wasPosted = this.#wanted?.request.id === this.#posted;
    this.#settle({ kind: 'superseded' });
    if (wasPosted && this.#isReady) this.#startTimer();
  }

  /** Ends the worker and the running request. */
  close(): void {
    this.#terminate();
    this.#settle({ kind: 'superseded' });
  }

  #post({ request }: Wanted): void {
    this.#port ??= this.#start();
    this.#posted = request.id;
    this.#port.postMessage(request);
    if (this.#isReady) this.#startTimer();
  }

  #start(): SearchPort {
    const port = this.#open();
    port.onmessage = ({ data }) => {
      if (port !== this.#port) return;
      if (data.kind !== 'ready') return this.#replied(data);
      this.#isReady = true;
      this.#startTimer();
    };
    return port;
  }

  #replied(reply: Exclude<SearchReply, { kind: 'ready' }>): void {
    clearTimeout(this.#timer);
    this.#posted = 0;
    if (this.#wanted?.request.id === reply.id) this.#settle(reply);
    else if (this.#wanted !== null) this.#post(this.#wanted);
  }

  #startTimer(): void {
    clearTimeout(this.#timer);
    const isWanted = this.#wanted?.request.id === this.#posted;
    this.#timer = setTimeout(() => this.#overdue(), isWanted ? this.#wanted?.limitMs : this.#graceMs);
  }

  #overdue(): void {
    const isWanted = this.#wanted?.request.id === this.#posted;
    this.#terminate();
    if (isWanted) this.#settle({ kind: 'stopped' });
    else if (this.#wanted !== null) this.#post(this.#wanted);
  }

  #terminate(): void {
    clearTimeout(this.#timer);
    this.#port?.terminate();
    this.#port = null;
    this.#isReady = false;
    this.#posted = 0;
  }

  #settle(answer: Answer): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.settle(answer);
  }
}
