/** The connection's part of a snapshot while there is no connection. */
export const idleStatus = {
  status: 'idle',
  attempt: 0,
  retryAt: null,
  connectedAt: null,
  upstream: null,
  since: null,
} as const;
