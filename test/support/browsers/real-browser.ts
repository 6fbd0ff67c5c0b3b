/** A real browser with one window, as far as the tests of a page need it. */
export interface PageBrowser {
  readonly name: string;
  /** Opens an address and waits until it is loaded. */
  open(url: string): Promise<void>;
  /** Evaluates an expression in the page; its value must be JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** A picture of the window, as PNG. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}
