/**
 * A tab of a real browser, as far as the tests of a page need it. Parameters named `expression` are JavaScript that the
 * page evaluates.
 */
export interface BrowserTab {
  /** Opens an address and waits until it is loaded. */
  open(url: string): Promise<void>;
  /** Loads the page again and waits until it is loaded. */
  reload(): Promise<void>;
  /** Goes back in the tab's history, and waits until that page is shown. */
  back(): Promise<void>;
  /** Evaluates an expression in the page; its value, or what its promise resolves with, must be JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** Clicks an element as a mouse does. Rejects if `expression` yields none. */
  click(expression: string): Promise<void>;
  /** Presses and releases each key: a character, or one of {@link namedKeys}. */
  press(...keys: string[]): Promise<void>;
  /** A picture of the window, as PNG. */
  screenshot(): Promise<Buffer>;
  /** Closes the tab. */
  close(): Promise<void>;
}

/** A real browser with a profile of its own. It is its first tab, and `close()` ends it. */
export interface PageBrowser extends BrowserTab {
  readonly name: string;
  /**
   * True if its back/forward cache keeps a page that the user has left with a stream open. Firefox keeps none that
   * holds a lock or has a request open, and Chromium's cache is off while Playwright drives it.
   */
  readonly keepsPages: boolean;
  /** Folder in which finished downloads appear. */
  readonly downloads: string;
  /** Opens another tab, in front of the others. */
  newTab(): Promise<BrowserTab>;
}

/** Keys that are no characters → their code points in WebDriver. */
export const namedKeys: Readonly<Record<string, string>> = {
  Backspace: '\uE003',
  Tab: '\uE004',
  Enter: '\uE007',
  Escape: '\uE00C',
  Control: '\uE009',
  End: '\uE010',
  Home: '\uE011',
};

interface KeyAction {
  type: 'keyDown' | 'keyUp';
  value: string;
}

/** The key actions of WebDriver and WebDriver BiDi for {@link BrowserTab.press}. `Control+c` holds the first key. */
export function keyActions(keys: readonly string[]): KeyAction[] {
  return keys.flatMap((combination) => {
    const parts = combination.length === 1 ? [combination] : combination.split('+');
    const values = parts.map((key) => namedKeys[key] ?? key);
    return [
      ...values.map((value) => ({ type: 'keyDown', value }) as const),
      ...values.toReversed().map((value) => ({ type: 'keyUp', value }) as const),
    ];
  });
}

/** An expression whose value is the element of `expression`, scrolled into view. */
export const inView = (expression: string) =>
  `((element) => { element.scrollIntoView({ block: 'nearest' }); return element; })(${expression})`;
