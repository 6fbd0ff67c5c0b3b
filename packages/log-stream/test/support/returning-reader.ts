import { setTimeout as delay } from 'node:timers/promises';
import { openStream, type TestStream } from './sse.ts';

/** A reader of a stream that comes back with its last id whenever the stream ends, as a browser does. */
export class ReturningReader {
  /** The streams of all visits. */
  readonly visits: TestStream[] = [];
  /** Set once its first stream is open: the number of logs that were there. */
  first: number | undefined;
  readonly opened: Promise<void>;
  readonly #urlOf: () => string;
  readonly #hasOpened = Promise.withResolvers<void>();
  #hasLeft = false;

  constructor(urlOf: () => string) {
    this.#urlOf = urlOf;
    this.opened = this.#hasOpened.promise;
    void this.#run();
  }

  /** Messages of all logs received. */
  get received(): Set<string> {
    return new Set(this.visits.flatMap(({ messages }) => messages));
  }

  cut(): void {
    this.visits.at(-1)?.leave();
  }

  leave(): void {
    this.#hasLeft = true;
    this.cut();
  }

  async #run(): Promise<void> {
    while (!this.#hasLeft) {
      const lastEventId = this.visits.findLast(({ lastId }) => lastId !== undefined)?.lastId;
      const stream = await openStream(this.#urlOf(), { lastEventId }).catch(() => undefined);
      if (stream?.status === 200) {
        this.visits.push(stream);
        if (this.#hasLeft) stream.leave();
        else if (lastEventId === undefined) await stream.until((text) => text.includes('id: ')).catch(() => {});
        this.#hasOpened.resolve();
        await stream.untilEnd();
      } else stream?.leave();
      await delay(5);
    }
    this.#hasOpened.resolve();
  }
}
