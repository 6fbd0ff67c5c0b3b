import { useCallback, useState } from 'react';

/** A choice that this browser remembers. Where storage is blocked, the choice lasts as long as the page. */
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
        // Blocked or full: the choice still holds for this page.
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
