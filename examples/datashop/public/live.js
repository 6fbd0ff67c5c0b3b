// @ts-check

/**
 * @typedef {object} LiveEvents
 * @property {(log: import('./book.js').Log, id: string) => void} onLog
 * @property {(state: 'connecting' | 'live' | 'reconnecting' | 'stopped', why?: string) => void} onState
 * @property {(reason: string) => void} onGap the server could not prove that nothing is missing here
 */

/**
 * One live stream, by the browser's own EventSource: it reconnects by itself, with the id of the last event it got.
 * @param {string} url
 * @param {LiveEvents} events
 * @returns {() => void} ends it
 */
export function openLive(url, { onLog, onState, onGap }) {
  const source = new EventSource(url);
  let why = '';
  onState('connecting');

  source.addEventListener('open', () => onState('live'));
  source.addEventListener('error', () => {
    // CLOSED: the answer was a "never", such as 403 after the session ended. EventSource won't try again.
    if (source.readyState === EventSource.CLOSED) onState('stopped');
    else onState('reconnecting', why);
    why = '';
  });
  source.addEventListener('message', (event) => onLog(JSON.parse(event.data), event.lastEventId));
  source.addEventListener('sse-proxy:gap', (event) => onGap(reasonOf(event)));
  // "Not now": the stream ends right after these, and EventSource comes back when it was told to.
  for (const type of ['sse-proxy:refused', 'sse-proxy:end']) {
    source.addEventListener(type, (event) => {
      why = reasonOf(event);
    });
  }
  return () => source.close();
}

/** @param {MessageEvent<string>} event */
function reasonOf(event) {
  return String(JSON.parse(event.data).reason ?? '');
}
