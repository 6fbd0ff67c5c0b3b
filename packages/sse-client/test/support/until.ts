/** Resolves as soon as `condition` gives something true; the test runner's own bound ends a wait that never would. */
export function until<T>(condition: () => T | undefined | false | null | 0 | ''): Promise<T> {
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        const value = condition();
        if (value) resolve(value);
        else setTimeout(look, 1);
      } catch (error) {
        reject(error);
      }
    };
    look();
  });
}
