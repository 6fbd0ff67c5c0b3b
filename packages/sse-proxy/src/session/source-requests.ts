import type { Request } from 'express';
import type { Config, ShareConfig } from '../config/options.ts';
import type { RequestBuilder, SharedRequest } from '../feed/shared/shared-request.ts';
import { requestUrl } from '../http.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';
import { callShareKey, type RequestingStream } from './target-requests.ts';

/**
 * The upstream request that stands for a call of `source`. Its address and headers are the browser's, so that a late
 * refusal applies only to requests that are equal in everything that a source may read [R6].
 */
export function sourceRequest(req: Request): UpstreamRequest {
  const headers = [':remote-address', String(req.socket?.remoteAddress)];
  for (const [name, value] of Object.entries(req.headers)) {
    // The feed adds its own Last-Event-ID.
    if (name !== 'last-event-id') headers.push(name, String(value));
  }
  return { address: { origin: 'source:', path: requestUrl(req) }, headers, req };
}

/** Makes the call of `source` for one browser of a shared feed. Only `share.key` decides which browsers share. */
export class SourceRequests implements RequestBuilder {
  /** The result can differ between two calls. */
  readonly isDynamic = true;
  readonly #config: Config;
  readonly #share: ShareConfig;
  readonly #stream: RequestingStream;

  /** Hooks are called with the stream's request and in its context, and not after it has ended. */
  constructor(config: Config, share: ShareConfig, stream: RequestingStream) {
    this.#config = config;
    this.#share = share;
    this.#stream = stream;
  }

  readonly identify = (): Promise<string> => {
    const key = this.#share.key as NonNullable<ShareConfig['key']>;
    return this.#stream.run(() => callShareKey(key, this.#stream, this.#config.hookTimeoutMs));
  };

  async build(): Promise<SharedRequest> {
    const key = await this.identify();
    return { request: { ...sourceRequest(this.#stream.req), feedKey: key }, key, looseKey: key };
  }
}
