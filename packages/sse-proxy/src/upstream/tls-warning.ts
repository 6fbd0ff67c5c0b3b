import { subscribe } from 'node:diagnostics_channel';

const watched = new Set<string>();
const warned = new Set<string>();
let subscribed = false;

/**
 * Warns once per host when a dispatcher of the user's connects to `origin` without verifying its certificate. A
 * dispatcher does not expose its TLS options, but the connected socket shows whether it was verified.
 */
export function watchTls(origin: string): void {
  if (!origin.startsWith('https:')) return;
  watched.add(new URL(origin).host);
  if (subscribed) return;
  subscribed = true;
  subscribe('undici:client:connected', (message) => {
    const { connectParams, socket } = message as {
      connectParams: { host: string };
      socket: { encrypted?: boolean; authorized?: boolean };
    };
    const { host } = connectParams;
    if (!socket.encrypted || socket.authorized || !watched.has(host) || warned.has(host)) return;
    warned.add(host);
    process.emitWarning(`TLS to ${host} is not verified: the dispatcher given to sse-proxy switches it off`, {
      code: 'SSE_PROXY_TLS_UNVERIFIED',
    });
  });
}
