import { useCallback, useState } from 'react';

/**
 * A choice kept in localStorage. Values other than `allowed` are ignored. Where storage is blocked, the choice lasts
 * until the page is closed.
 */
export function useStored<T extends string>(
  key: string,
  fallback: T,
  allowed: readonly T[],
): [value: T, set: (value: T) => void] {
  const [value, setValue] = useState(() => read(key, allowed) ?? fallback);
  const set = useCallback(
    (next: T) => {
      setValue(next);
      try {
        localStorage.setItem(key, next);
      } catch {
        // Storage is blocked or full: the choice is kept in memory.
      }
    },
    [key],
  );
  return [value, set];
}

export function read<T extends string>(key: string, allowed: readonly T[]): T | undefined {
  try {
    const stored = localStorage.getItem(key);
    return allowed.find((value) => value === stored);
  } catch {
    return undefined;
  }
}
