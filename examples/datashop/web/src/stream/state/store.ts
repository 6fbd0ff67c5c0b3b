/** State that outlives the components that show it, so that switching modes does not reset the view. */
export class Store<T extends object> {
  #state: T;
  #listeners = new Set<() => void>();

  constructor(state: T) {
    this.#state = state;
  }

  readonly get = (): T => this.#state;

  readonly set = (patch: Partial<T>): void => {
    const names = Object.keys(patch) as (keyof T)[];
    if (names.every((name) => Object.is(patch[name], this.#state[name]))) return;
    this.#state = { ...this.#state, ...patch };
    for (const listener of this.#listeners) listener();
  };

  /** @returns the function that removes the listener */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}
