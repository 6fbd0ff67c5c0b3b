type Message = { readonly kind: 'ask' } | { readonly kind: 'polling'; readonly why: string };

/** Tells the tabs that share one connection whether the tab that holds it polls for the lines, and why. */
export class PollingSignal {
  readonly #channel: BroadcastChannel;
  readonly #isHolder: () => boolean;
  readonly #onChange: () => void;
  #own = '';
  #others = '';

  /**
   * @param name the same in the tabs that share the connection
   * @param isHolder whether this tab holds the connection now
   * @param onChange called when `why` may have changed
   */
  constructor(name: string, isHolder: () => boolean, onChange: () => void) {
    this.#isHolder = isHolder;
    this.#onChange = onChange;
    this.#channel = new BroadcastChannel(`datashop.polling:${name}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.kind === 'ask') this.#tell();
      else {
        this.#others = data.why;
        onChange();
      }
    };
    this.#post({ kind: 'ask' });
  }

  /** Why the lines are polled for; '' while they are streamed. */
  get why(): string {
    return this.#isHolder() ? this.#own : this.#others;
  }

  /** Call it with the reason when this tab begins to poll, and with '' when it stops. */
  set(why: string): void {
    this.#own = why;
    this.#tell();
    this.#onChange();
  }

  close(): void {
    this.#channel.close();
  }

  #tell(): void {
    if (this.#isHolder()) this.#post({ kind: 'polling', why: this.#own });
  }

  #post(message: Message): void {
    this.#channel.postMessage(message);
  }
}
