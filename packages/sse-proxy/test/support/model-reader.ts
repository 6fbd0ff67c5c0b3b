import type { FeedReader, Subscription } from '../../src/feed/subscription.ts';

/** A browser of a model: it reads a subscription as soon as that is ready, and leaves when it ends. */
export abstract class ModelReader implements FeedReader {
  /** Undefined while the browser is away. */
  subscription: Subscription | undefined;
  isReading = false;
  /** While true, each call returns false: the reader is full. */
  isSlow = false;

  abstract onFrames(buffer: Buffer, start: number, end: number): boolean;
  abstract onControlEvent(bytes: Buffer): void;

  protected follow(subscription: Subscription): void {
    this.subscription = subscription;
    subscription.ready.then(
      () => {
        if (this.subscription !== subscription) return;
        this.isReading = true;
        subscription.deliverTo(this);
      },
      () => {
        if (this.subscription === subscription) this.leave();
      },
    );
  }

  leave(): void {
    const { subscription } = this;
    this.subscription = undefined;
    this.isReading = false;
    this.isSlow = false;
    subscription?.close();
  }

  /** Reads again. */
  recover(): void {
    this.isSlow = false;
    if (this.isReading) this.subscription?.resume();
  }

  onLagging(): void {
    this.leave();
  }

  onEnd(): void {
    this.leave();
  }
}
