import { hash } from 'node:crypto';
import type { SseProxyError } from '../errors.ts';
import { isTracingField } from '../upstream/tracing-fields.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';

const keptMs = 60_000;
const maxKept = 1_000;

/**
 * Final refusals that arrived after the browser's response had been opened. `EventSource` can't receive a status any
 * more then, so it reconnects: that request gets the status at once [R6].
 */
export class LateRefusals {
  readonly #kept = new Map<string, { readonly error: SseProxyError; readonly until: number }>();

  /** Keeps `error` for requests that are equal to `request`. */
  add(request: UpstreamRequest, error: SseProxyError): void {
    const key = keyOf(request);
    // Deleted first, since a Map keeps the position of a key that it already has.
    this.#kept.delete(key);
    this.#kept.set(key, { error, until: performance.now() + keptMs });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxKept) break;
      this.#kept.delete(oldest);
    }
  }

  /** @throws SseProxyError the refusal that is kept for `request` */
  check(request: UpstreamRequest): void {
    if (this.#kept.size === 0) return;
    const key = keyOf(request);
    const kept = this.#kept.get(key);
    if (!kept) return;
    if (kept.until > performance.now()) throw kept.error;
    this.#kept.delete(key);
  }
}

// A digest, since header fields hold tokens. JSON keeps neighbouring parts apart.
function keyOf({ address, headers }: UpstreamRequest): string {
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!isTracingField(headers[i] as string)) fields.push(headers[i] as string, headers[i + 1] as string);
  }
  return hash('sha256', JSON.stringify([address.origin, address.path, fields]), 'base64');
}
