// @ts-check

const LOGS = '/dapadmin/l5-etl/logs';
const STREAM = '/dapadmin/l5-etl/sse/logs/stream';
const PAGE_SIZE = '100';

/** @typedef {{ log_level: string, search: string }} Filter */

/** An answer that was no page of logs. */
export class Refused extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/**
 * One page of stored logs, newest first, and the id from which a stream goes on without a hole.
 * @param {Filter} filter
 * @param {{ cursor?: string, signal: AbortSignal }} options
 * @returns {Promise<{ logs: import('./book.js').Log[], nextCursor: string | null, total: number, lastEventId: string }>}
 */
export async function fetchLogs(filter, { cursor = '', signal }) {
  const query = new URLSearchParams({ limit: PAGE_SIZE, ...filter, cursor });
  const response = await fetch(`${LOGS}?${query}`, { signal, headers: { Accept: 'application/json' } });
  if (!response.ok) throw new Refused(response.status);
  return { ...(await response.json()), lastEventId: response.headers.get('Last-Event-ID') ?? '' };
}

/**
 * @param {Filter} filter
 * @param {string} lastEventId
 */
export function streamUrl(filter, lastEventId) {
  return `${STREAM}?${new URLSearchParams({ ...filter, lastEventId })}`;
}
