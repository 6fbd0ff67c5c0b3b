import type { Environment } from '../../src/environment.ts';
import { createStream } from '../../src/event-stream.ts';
import type { EventEntry, EventStream, EventStreamOptions, StreamSnapshot } from '../../src/types.ts';
import { Clock } from './clock.ts';
import { Page } from './page.ts';
import { Server } from './server.ts';
import { until } from './until.ts';

/** A stream in a page of its own, with a clock that the test controls, and a real server. */
export class Scene {
  readonly server: Server;
  readonly clock = new Clock();
  readonly page = new Page();
  readonly #streams: EventStream[] = [];
  stream!: EventStream;
  /** The result of `Math.random()`. */
  random = 0;
  /** Every status, in the order in which a listener observed it. */
  readonly seen: string[] = [];

  constructor(server: Server) {
    this.server = server;
  }

  get environment(): Environment {
    const { clock, page } = this;
    return {
      fetch: (input, init) => fetch(input, init),
      Date: clock,
      Math: { random: () => this.random },
      setTimeout: clock.setTimeout,
      clearTimeout: clock.clearTimeout,
      ...page,
    };
  }

  /** Creates the stream. Call it again for a reload. */
  make(options: EventStreamOptions<object> = {}, url = this.server.url): EventStream {
    const stream = createStream(url, options, this.environment);
    stream.subscribe(() => {
      const { status } = stream.getSnapshot();
      if (this.seen.at(-1) !== status) this.seen.push(status);
    });
    this.#streams.push(stream);
    this.stream = stream;
    return stream;
  }

  get now(): StreamSnapshot {
    return this.stream.getSnapshot();
  }

  /** The list after the next frame. */
  get data(): string[] {
    this.clock.advance(16);
    return [...this.now.entries].map((entry) => (entry.kind === 'event' ? entry.data : `gap:${entry.reason}`));
  }

  get events(): EventEntry[] {
    this.clock.advance(16);
    return [...this.now.entries].filter((entry) => entry.kind === 'event');
  }

  async until(status: StreamSnapshot['status']): Promise<StreamSnapshot> {
    await until(() => this.now.status === status);
    return this.now;
  }

  /** Waits until `count` events have been received, duplicates included. */
  async received(count: number): Promise<void> {
    await until(() => {
      this.clock.advance(16);
      return this.now.counts.received >= count;
    });
  }

  /** Waits until the response's header block has been received, which sets a timer. */
  async answered(): Promise<void> {
    const { pending } = this.clock;
    await until(() => this.clock.pending > pending);
  }

  /** Advances the time to the next attempt. */
  retry(): void {
    this.clock.advance(this.now.retryAt! - this.clock.time);
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.close();
    await this.server.close();
  }
}

/** Call once in a `describe`. Returns a function that creates scenes; they are closed after each test. */
export function stage(): (options?: EventStreamOptions) => Promise<Scene> {
  const scenes: Scene[] = [];
  afterEach(async () => {
    for (const scene of scenes.splice(0)) await scene.close();
  });
  return async (options) => {
    const scene = new Scene(await new Server().listen());
    scenes.push(scene);
    scene.make(options);
    return scene;
  };
}
