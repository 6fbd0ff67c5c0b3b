/** How the list looks. Kept in this browser. */
export interface Preferences {
  readonly order: 'newest-first' | 'oldest-first';
  readonly wrap: boolean;
  /** More lines on a screen. */
  readonly compact: boolean;
  /** True: the lines over time are shown above the list. */
  readonly volume: boolean;
  /** True: single keys are shortcuts. */
  readonly keys: boolean;
}

export const defaultPreferences: Preferences = {
  order: 'newest-first',
  wrap: false,
  compact: false,
  volume: true,
  keys: true,
};

const preferencesKey = 'datashop.view';
/** Names of opened lines, in the storage of the tab. */
const openedKey = 'datashop.opened';
const maxOpened = 100;

/** @param isNarrow true on a screen that has no room for the lines over time unless the user wants them */
export function readPreferences(isNarrow: boolean): Preferences {
  const stored = read(localStorageOf, preferencesKey);
  if (typeof stored !== 'object' || stored === null) return { ...defaultPreferences, volume: !isNarrow };
  const known = Object.entries(defaultPreferences).map(([name, fallback]) => {
    const value = (stored as Record<string, unknown>)[name];
    return [name, typeof value === typeof fallback ? value : fallback];
  });
  return Object.fromEntries(known) as Preferences;
}

export function storePreferences({ order, wrap, compact, volume, keys }: Preferences): void {
  write(localStorageOf, preferencesKey, { order, wrap, compact, volume, keys });
}

/** The lines that were open before a reload. */
export function readOpened(): ReadonlySet<string> {
  const stored = read(sessionStorageOf, openedKey);
  return new Set(Array.isArray(stored) ? stored.filter((name) => typeof name === 'string') : []);
}

export function storeOpened(names: ReadonlySet<string>): void {
  write(sessionStorageOf, openedKey, [...names].filter((name) => !name.startsWith('#')).slice(-maxOpened));
}

const localStorageOf = () => localStorage;
const sessionStorageOf = () => sessionStorage;

function read(storage: () => Storage, key: string): unknown {
  try {
    return JSON.parse(storage().getItem(key) ?? 'null');
  } catch {
    // The storage is blocked, or another program has written there.
    return null;
  }
}

function write(storage: () => Storage, key: string, value: unknown): void {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // The storage is blocked or full: the choice is kept in memory.
  }
}
