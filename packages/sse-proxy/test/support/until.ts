type Falsy = undefined | false | null | 0 | '';

/**
 * Pauses between two calls of the condition, in milliseconds: a twentieth of the wait so far, because polling takes
 * CPU time from other processes.
 */
const firstPauseMs = 2;
const maxPauseMs = 20;
const growth = 1.05;

/**
 * Resolves with the first truthy value that `condition` returns or resolves with; the test runner's timeout ends an
 * endless wait. Rejects if a promise resolves with undefined, since its function probably lacks a `return`.
 */
export function until<T>(condition: () => T | Falsy | Promise<T | Falsy>): Promise<T> {
  return new Promise((resolve, reject) => {
    let pauseMs = firstPauseMs;
    const check = (value: T | Falsy) => {
      if (value) return resolve(value);
      setTimeout(look, pauseMs);
      pauseMs = Math.min(pauseMs * growth, maxPauseMs);
    };
    const checkAnswer = (value: T | Falsy) => {
      if (value === undefined) throw new TypeError('until(): expected an answer, got a promise without a value');
      check(value);
    };
    const look = () => {
      try {
        const value = condition();
        if (value instanceof Promise) value.then(checkAnswer).catch(reject);
        else check(value);
      } catch (error) {
        reject(error);
      }
    };
    look();
  });
}

/** Things to undo after a test, last first. Call `clean` in `afterEach`. */
export function cleaner(): { add<T>(thing: T, undo: (thing: T) => unknown): T; clean(): Promise<void> } {
  const undos: (() => unknown)[] = [];
  return {
    add(thing, undo) {
      undos.push(() => undo(thing));
      return thing;
    },
    async clean() {
      for (const undo of undos.splice(0).reverse()) await undo();
    },
  };
}
