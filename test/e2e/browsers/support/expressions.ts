// JavaScript that the tests evaluate in the page. As text, because not every driver takes functions.

/** The first element of a selector that is enabled and has this text or label; undefined if there is none. */
export const byText = (selector: string, text: string) =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].find((element) =>
    !element.disabled && [element.ariaLabel, element.textContent].some((it) => it?.includes(${JSON.stringify(text)})))`;

/**
 * True when the list has as many lines as the totals show, and no search is running: it is updated after the totals.
 */
export const allListed = `(() => {
  const number = (text) => Number(/[\\d,]+/.exec(text ?? '')?.[0].replaceAll(',', ''));
  const counts = [...document.querySelectorAll('.level-chip-count')].map(({ textContent }) => number(textContent));
  const total = number(document.querySelector('[data-testid=total]')?.textContent);
  const isSearching = document.querySelector('.Stream-found')?.textContent?.startsWith('Searching');
  return counts.reduce((sum, count) => sum + count, 0) === total && !isSearching;
})()`;

/** The text of the page's NDJSON download, which is kept from being saved. */
export const downloadedRows = `new Promise((resolve, reject) => {
  const { createObjectURL } = URL;
  const { click } = HTMLAnchorElement.prototype;
  URL.createObjectURL = (blob) => {
    URL.createObjectURL = createObjectURL;
    blob.text().then(resolve, reject);
    return createObjectURL.call(URL, blob);
  };
  HTMLAnchorElement.prototype.click = () => {
    HTMLAnchorElement.prototype.click = click;
  };
  [...document.querySelectorAll('button')].find(({ textContent }) => textContent.includes('NDJSON')).click();
})`;

/**
 * Collects in `window.complaints` what the page does wrong from now on. That an observer of sizes is called again in
 * the next frame, because a change of a row has changed the size of another one, is reported as an error and is none.
 */
export const reportComplaints = `(() => {
  window.complaints = [];
  addEventListener('pageshow', ({ persisted }) => { window.isRestored = persisted; });
  addEventListener('error', ({ message }) => message.startsWith('ResizeObserver loop') || window.complaints.push(message));
  addEventListener('unhandledrejection', ({ reason }) => window.complaints.push(String(reason)));
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
    window.complaints.push(effectiveDirective + ' blocked ' + blockedURI));
})()`;
