import { type BrowserTab, inView, keyActions } from './real-browser.ts';

/** Sends a command. Rejects with the driver's message if it fails. */
export type Send = <T = unknown>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<T>;

/**
 * Longest wait for a driver's response, in milliseconds: below the limit of a test, so that the error names the
 * command.
 */
const limitMs = 60_000;

/** A sender to the driver that listens at `origin`. */
export function sender(origin: string): Send {
  return async <T>(method: string, path: string, body?: object) => {
    const init = { method, signal: AbortSignal.timeout(limitMs), ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(`${origin}${path}`, init).catch((cause: unknown) => {
      throw new Error(`WebDriver: ${method} ${path} was not answered`, { cause });
    });
    const { value } = (await answer.json()) as { value: T & { message?: string } };
    if (!answer.ok) throw new Error(`WebDriver: ${method} ${path}: ${value.message}`);
    return value;
  };
}

/** The key of an element's id in a response. */
const elementKey = 'element-6066-11e4-a52e-4f735466cecf';

/** A WebDriver session. Its commands are for the current window, so those of several tabs must not overlap. */
export class Session {
  readonly #send: Send;
  #current = '';
  #last: Promise<unknown> = Promise.resolve();

  constructor(send: Send, id: string) {
    this.#send = (method, path, body) => send(method, `/session/${id}${path}`, body);
  }

  /** The tab with which the session begins. */
  async firstTab(): Promise<BrowserTab> {
    this.#current = await this.#send<string>('GET', '/window');
    return this.#tab(this.#current);
  }

  async newTab(): Promise<BrowserTab> {
    const { handle } = await this.#next(() => this.#send<{ handle: string }>('POST', '/window/new', { type: 'tab' }));
    return this.#tab(handle);
  }

  /** Resizes the window. */
  async resize(width: number, height: number): Promise<void> {
    await this.#send('POST', '/window/rect', { width, height });
  }

  async close(): Promise<void> {
    await this.#send('DELETE', '');
  }

  #next<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }

  #tab(handle: string): BrowserTab {
    const inTab = <T>(task: () => Promise<T>): Promise<T> =>
      this.#next(async () => {
        if (this.#current !== handle) await this.#send('POST', '/window', { handle });
        this.#current = handle;
        return task();
      });
    const post = <T = unknown>(path: string, body: object = {}) => inTab(() => this.#send<T>('POST', path, body));
    const run = <T>(script: string) => post<T>('/execute/sync', { script, args: [] });
    return {
      open: async (url) => void (await post('/url', { url })),
      reload: async () => void (await post('/refresh')),
      back: async () => void (await post('/back')),
      evaluate: <T>(expression: string) => run<T>(`return ${expression}`),
      click: async (expression) => {
        const element = await run<Record<string, string>>(`return ${inView(expression)}`);
        await post(`/element/${element[elementKey]}/click`);
      },
      press: async (...keys) => {
        await post('/actions', { actions: [{ type: 'key', id: 'keyboard', actions: keyActions(keys) }] });
      },
      screenshot: async () => Buffer.from(await inTab(() => this.#send<string>('GET', '/screenshot')), 'base64'),
      close: async () => {
        await inTab(() => this.#send('DELETE', '/window'));
        this.#current = '';
      },
    };
  }
}
