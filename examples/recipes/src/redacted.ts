import { sseProxy } from '@datashop/sse-proxy';

const secret = /\b(password|token|secret)=[^\s"]+/gi;

/** A stream in which secrets are crossed out, once for all browsers. Logs of level DEBUG are left out. */
export function redacted(target: string) {
  return sseProxy({
    target,
    share: {
      transform: (event) => {
        const isDebug = event.data.includes('"level":"DEBUG"');
        return isDebug ? null : { ...event, data: event.data.replace(secret, '$1=…') };
      },
    },
  });
}
