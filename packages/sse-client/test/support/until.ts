/** Resolves with the first truthy result of `condition`. The test runner's timeout ends an endless wait. */
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
