import { hash } from 'node:crypto';
import type { Request } from 'express';
import type { Config, ShareConfig } from '../config/options.ts';
import type { UpstreamAddress } from '../config/target.ts';
import type { RequestBuilder, SharedRequest } from '../feed/shared/shared-request.ts';
import { badHookResult, callHook } from '../hooks/call-hook.ts';
import type { RunInContext } from '../lifecycle/async-context.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import { toUpstreamHeaders, type UpstreamFields } from '../request/upstream-headers.ts';
import { isTracingField } from '../upstream/tracing-fields.ts';
import { addedHeaders, upstreamAddress } from './upstream-request.ts';

/** Fields that may differ between browsers with the same `share.key` [R52]. */
const notInKey = new Set(['accept-language', 'x-forwarded-host', 'x-forwarded-proto']);

/** The stream for which a request is made. */
export interface RequestingStream {
  readonly req: Request;
  readonly lifetime: Lifetime;
  readonly run: RunInContext;
}

/** Makes the request to `target` for one browser of a shared feed, and the key of that feed. */
export class TargetRequests implements RequestBuilder {
  readonly identify: (() => Promise<string>) | undefined;
  readonly #config: Config;
  readonly #share: ShareConfig;
  readonly #req: Request;
  readonly #lifetime: Lifetime;
  readonly #run: RunInContext;

  /** Hooks are called with the stream's request and in its context, and not after it has ended. */
  constructor(config: Config, share: ShareConfig, { req, lifetime, run }: RequestingStream) {
    this.#config = config;
    this.#share = share;
    this.#req = req;
    this.#lifetime = lifetime;
    this.#run = run;
    this.identify = share.key && (() => run(() => this.#identify()));
  }

  /** Whether the result can differ between two calls. */
  get isDynamic(): boolean {
    const { target, upstreamHeaders } = this.#config;
    return typeof target === 'function' || typeof upstreamHeaders === 'function' || this.#share.key !== undefined;
  }

  build(): Promise<SharedRequest> {
    return this.#run(() => this.#build());
  }

  async #build(): Promise<SharedRequest> {
    const address = await upstreamAddress(this.#config, this.#req, this.#lifetime);
    const added = await addedHeaders(this.#config, this.#req, this.#lifetime);
    const { headers, hasOwnAuthorization } = this.#fields(added);
    const key = await this.#shareKey();
    const own = new Set(Object.keys(added).map((name) => name.toLowerCase()));
    const counts = (name: string) => (own.has(name) ? name !== 'authorization' : !notInKey.has(name));
    const feedKey = key === undefined ? digest(address, headers) : digest(address, pick(headers, counts), key);
    return {
      request: { address, headers, hasOwnAuthorization, feedKey },
      key: feedKey,
      looseKey: digest(
        address,
        pick(headers, (name) => name !== 'authorization' || !own.has(name)),
      ),
    };
  }

  async #identify(): Promise<string> {
    const address = await upstreamAddress(this.#config, this.#req, this.#lifetime);
    const forwarded = pick(this.#fields({}).headers, (name) => !notInKey.has(name));
    return digest(address, forwarded, await this.#shareKey());
  }

  #fields(added: Record<string, string>): UpstreamFields {
    const fields = toUpstreamHeaders(this.#req, this.#config, added);
    return { ...fields, headers: pick(fields.headers, (name) => !isTracingField(name)) };
  }

  async #shareKey(): Promise<string | undefined> {
    const { key } = this.#share;
    const stream = { req: this.#req, lifetime: this.#lifetime };
    return key && callShareKey(key, stream, this.#config.hookTimeoutMs);
  }
}

/** Calls `share.key`. @throws SseProxyError if it fails or returns no key */
export async function callShareKey(
  hook: NonNullable<ShareConfig['key']>,
  { req, lifetime }: Pick<RequestingStream, 'req' | 'lifetime'>,
  timeoutMs: number,
): Promise<string> {
  const key: unknown = await callHook('share.key', () => hook(req), lifetime, timeoutMs);
  if (typeof key !== 'string' || key === '') throw badHookResult('share.key', 'a string that is not empty', key);
  return key;
}

function pick(headers: readonly string[], wanted: (name: string) => boolean): string[] {
  return headers.filter((_, index) => wanted(headers[index - (index % 2)] as string));
}

// A digest, since the fields hold credentials. JSON keeps the parts from running into each other.
function digest({ origin, path }: UpstreamAddress, headers: readonly string[], key?: string): string {
  return hash('sha256', JSON.stringify([origin, path, headers, key ?? null]), 'base64');
}
