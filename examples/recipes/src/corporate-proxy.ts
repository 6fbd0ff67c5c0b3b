import { sseProxy } from '@datashop/sse-proxy';
import { EnvHttpProxyAgent } from 'undici';

/** A stream through the proxy that HTTPS_PROXY and HTTP_PROXY name, except for hosts in NO_PROXY. */
export function throughCorporateProxy(target: string) {
  return sseProxy({ target, dispatcher: new EnvHttpProxyAgent() });
}
