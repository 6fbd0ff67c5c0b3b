import { sseProxy } from '@datashop/sse-proxy';
import { Agent } from 'undici';

/** Where the log service is, and how both sides prove who they are; PEM texts. */
export interface MutualTls {
  readonly target: string;
  /** Who vouches for the log service. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A stream from an upstream that accepts only clients with a certificate. */
export function mutualTls({ target, ca, cert, key }: MutualTls) {
  // A stream occupies its connection for as long as it lives, so their number has no limit here.
  const dispatcher = new Agent({ connections: null, connect: { ca, cert, key } });
  return sseProxy({ target, dispatcher });
}
