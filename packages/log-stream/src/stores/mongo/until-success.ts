/** Returns a function that calls `work` until it has succeeded once. Simultaneous calls share one attempt. */
export function untilSuccess<T>(work: () => Promise<T>): () => Promise<T> {
  let attempt: Promise<T> | undefined;
  return () => {
    attempt ??= work().catch((error) => {
      attempt = undefined;
      throw error;
    });
    return attempt;
  };
}
