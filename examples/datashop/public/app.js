// @ts-check
import { fetchLogs, Refused, streamUrl } from './api.js';
import { Book } from './book.js';
import { List } from './list.js';
import { openLive } from './live.js';
import { gapRow, logRow } from './rows.js';

const STATES = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  paused: 'Paused',
  stopped: 'Disconnected',
};
/** What the proxy's reasons mean to the person who watches. */
const REASONS = /** @type {Record<string, string>} */ ({
  draining: 'server restarts',
  upstream: 'log service is down',
  limit: 'too many streams are open',
});
const TYPING_MS = 250;

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const level = /** @type {HTMLSelectElement} */ ($('level'));
const search = /** @type {HTMLInputElement} */ ($('search'));
const toggle = /** @type {HTMLButtonElement} */ ($('toggle'));
const older = /** @type {HTMLButtonElement} */ ($('older'));

const list = new List($('rows'), showCounts);
let book = new Book();
let loading = new AbortController();
/** @type {string | null} where the page of stored logs ended */
let nextCursor = null;
/** @type {(() => void) | undefined} ends the live stream */
let endLive;

const filter = () => ({ log_level: level.value, search: search.value.trim() });

/** Starts over: stored logs first, then everything that came after them. */
async function load() {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  pause('connecting');
  book = new Book();
  list.clear();
  nextCursor = null;
  $('empty').textContent = 'Loading logs…';
  showCounts();
  if (await loadPage(signal)) goLive();
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether to go on with the live logs
 */
async function loadPage(signal) {
  try {
    const page = await fetchLogs(filter(), { cursor: nextCursor ?? '', signal });
    if (signal.aborted) return false;
    nextCursor = page.nextCursor;
    book.original += page.logs.length;
    book.cursor ||= page.lastEventId;
    list.addAtEnd(page.logs.map((log) => logRow(log, false)));
    notice('');
  } catch (error) {
    if (signal.aborted) return false;
    const status = error instanceof Refused ? error.status : 0;
    if (status === 403) {
      showState('stopped');
      $('empty').textContent = 'Nobody is signed in.';
      notice('Your session has ended. Reload the page to sign in again.');
      return false;
    }
    notice('The stored logs could not be loaded. Live ones are shown as they come; reload the page to try again.');
  }
  $('empty').textContent = 'No logs match yet. New ones appear here as they come.';
  return true;
}

function goLive() {
  endLive?.();
  const current = book;
  endLive = openLive(streamUrl(filter(), book.cursor), {
    onLog: (log, id) => {
      if (current.enter(id)) list.addOnTop(logRow(log, true));
    },
    onGap: (reason) => list.addOnTop(gapRow(reason)),
    onState: showState,
  });
  toggle.textContent = 'Pause';
}

/** Ends the stream and keeps what is there. @param {'paused' | 'connecting'} state */
function pause(state) {
  endLive?.();
  endLive = undefined;
  showState(state);
}

/** @param {keyof typeof STATES} state @param {string} [why] */
function showState(state, why = '') {
  $('connection').dataset.state = state;
  const reason = REASONS[why];
  $('state').textContent = reason ? `${STATES[state]}: ${reason}` : STATES[state];
  if (state === 'stopped') endLive = undefined;
  if (state === 'paused' || state === 'stopped') toggle.textContent = state === 'paused' ? 'Resume' : 'Reconnect';
}

function showCounts() {
  $('total').textContent = book.summary;
  $('empty').hidden = list.length > 0;
  $('foot').hidden = !list.trimmed && nextCursor === null;
  older.hidden = list.trimmed;
  $('bound').hidden = !list.trimmed;
  $('bound').textContent = `The newest ${list.length.toLocaleString('en')} logs are shown.`;
}

/** @param {string} text */
function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = text === '';
}

toggle.addEventListener('click', () => {
  if (endLive) pause('paused');
  // Goes on from the last event seen, so that a pause loses nothing.
  else goLive();
});

older.addEventListener('click', async () => {
  older.disabled = true;
  await loadPage(loading.signal);
  older.disabled = false;
});

let typing = 0;
level.addEventListener('change', load);
search.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(load, TYPING_MS);
});
$('controls').addEventListener('submit', (event) => {
  event.preventDefault();
  void load();
});

void load();
