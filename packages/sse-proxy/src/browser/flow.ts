import type { Response } from 'express';
import type { Config } from '../config/options.ts';
import type { SseProxyError } from '../errors.ts';
import type { FeedReader, Subscription } from '../feed/subscription.ts';
import type { Heartbeat } from '../lifecycle/heartbeat.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import type { CloseReason, EvictContext, StreamInfo } from '../types.ts';
import { Outlet } from './outlet.ts';
import { type TransformEvents, Transformer } from './transform.ts';

/** The stream whose events flow, and what it is told. */
export interface ResponseOwner extends StreamInfo {
  readonly lifetime: Lifetime;
  /** A bound of `slowClient` was passed; the browser has been cut. */
  onEvict(bound: EvictContext['bound'], bufferedBytes: number): void;
  /** All has been written, and no more comes. */
  onEnd(reason: CloseReason, error: SseProxyError | undefined): void;
}

/**
 * An outlet that takes what a subscription gives, through the transform if there is one, no faster than the browser takes
 * it. One object for all of it: there is one a browser, and every event meets it.
 */
export class Flow extends Outlet implements FeedReader, TransformEvents {
  readonly #owner: ResponseOwner;
  readonly #transformer: Transformer | undefined;
  #subscription: Subscription | undefined;
  #over: [CloseReason, SseProxyError | undefined] | undefined;

  constructor(owner: ResponseOwner, res: Response, config: Config, heartbeat: Heartbeat) {
    super(res, config, heartbeat);
    this.#owner = owner;
    const { transform, hookTimeoutMs } = config;
    if (transform) this.#transformer = new Transformer(transform, owner, owner.lifetime, hookTimeoutMs, this);
  }

  start(subscription: Subscription): void {
    this.#subscription = subscription;
    subscription.read(this);
  }

  get #ready(): boolean {
    return !this.full && !this.#transformer?.pending;
  }

  protected onDrain(): void {
    if (this.#ready) this.#subscription?.resume();
  }

  protected onEvict(bound: EvictContext['bound'], bufferedBytes: number): void {
    this.#owner.onEvict(bound, bufferedBytes);
  }

  onFrames(source: Buffer, start: number, end: number, events: number): boolean {
    const bytes = start === 0 && end === source.length ? source : source.subarray(start, end);
    if (this.#transformer) this.#transformer.push(bytes, events > 0);
    else this.write(bytes, events);
    return this.#ready;
  }

  onControlEvent(bytes: Buffer): void {
    if (this.#transformer) this.#transformer.push(bytes, false);
    else this.write(bytes, 0);
  }

  onLagging(bound: EvictContext['bound'], bytes: number): void {
    this.evict(bound, bytes);
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined): void {
    if (this.#transformer?.pending) this.#over = [reason, error];
    else this.#owner.onEnd(reason, error);
  }

  onBytes(bytes: Buffer, events: number): void {
    this.write(bytes, events);
  }

  onIdle(): void {
    if (this.#over) this.#owner.onEnd(...this.#over);
    else this.onDrain();
  }

  onError(error: SseProxyError): void {
    this.#owner.onEnd('transform-failed', error);
  }
}
