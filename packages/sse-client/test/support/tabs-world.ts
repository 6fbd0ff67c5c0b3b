import type { Environment } from '../../src/environment.ts';
import { createStream } from '../../src/event-stream.ts';
import { sharedTabs } from '../../src/tabs.ts';
import type { EventStream, EventStreamOptions } from '../../src/types.ts';
import { Clock } from './clock.ts';

interface Request {
  readonly tab: WorldTab;
  readonly callback: () => unknown;
  readonly fail: (error: Error) => void;
  readonly done: () => void;
}

/**
 * A browser with several tabs and one upstream of numbered events. Everything is pending until the test delivers it.
 * `eventsPerId` events in a row share an id; if that is more than one, the server resumes with the first of an id.
 */
export class World {
  readonly eventsPerId: number;
  readonly clock = new Clock();
  readonly tabs: WorldTab[] = [];
  readonly connections = new Set<Connection>();
  readonly channels = new Map<object, { tab: WorldTab; deliver: (data: unknown) => void }>();
  /** Requests for the lock; the first one has it or is about to get it. */
  locks: Request[] = [];
  sent = 0;
  /** Last-Event-ID of every request so far. */
  readonly requests: (string | null)[] = [];
  /** Kinds of all messages so far. */
  readonly messages: string[] = [];
  /** True if this page can't get locks. */
  isWithoutLocks = false;
  #seed = 1;

  constructor(eventsPerId = 1) {
    this.eventsPerId = eventsPerId;
  }

  idOf(event: number): number {
    return Math.ceil(event / this.eventsPerId);
  }

  random = (): number => {
    this.#seed = (Math.imul(this.#seed, 48_271) >>> 0) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  };

  open(options: EventStreamOptions): WorldTab {
    const tab = new WorldTab(this, options);
    this.tabs.push(tab);
    return tab;
  }

  /** Sends `count` events in one chunk. */
  send(count = 1): void {
    this.sent += count;
    for (const connection of this.connections) connection.send(this.sent - count + 1, this.sent);
  }

  /** Delivers one pending thing to one of the tabs; returns false if nothing is pending. */
  step(choice: number): boolean {
    const ready = this.tabs.filter((tab) => !tab.isFrozen && tab.inbox.length > 0);
    if (ready.length === 0) return false;
    ready[choice % ready.length]!.next(choice);
    return true;
  }

  request(request: Request, isStolen: boolean): void {
    if (isStolen) {
      const [holder] = this.locks;
      if (holder) {
        this.locks.shift();
        holder.tab.soon('lock', () => holder.fail(new Error('stolen')));
      }
      this.locks.unshift(request);
      this.#grant();
    } else if (this.locks.push(request) === 1) this.#grant();
  }

  #grant(): void {
    const [request] = this.locks;
    request?.tab.soon('lock', () => {
      if (!this.locks.includes(request)) return;
      void Promise.resolve(request.callback()).then(() => {
        request.done();
        this.drop(request);
      });
    });
  }

  drop(request: Request): void {
    const index = this.locks.indexOf(request);
    if (index === -1) return;
    this.locks.splice(index, 1);
    if (index === 0) this.#grant();
  }
}

/** One response with numbered events to one tab. */
class Connection {
  readonly #world: World;
  readonly #tab: WorldTab;
  readonly body: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor(world: World, tab: WorldTab, lastEventId: string | null, signal: AbortSignal) {
    this.#world = world;
    this.#tab = tab;
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    world.connections.add(this);
    signal.addEventListener('abort', () => this.end());
    world.requests.push(lastEventId);
    if (lastEventId === null) return;
    // A replay arrives in several chunks.
    const { eventsPerId } = world;
    const first = eventsPerId === 1 ? Number(lastEventId) + 1 : (Number(lastEventId) - 1) * eventsPerId + 1;
    for (let from = Math.max(first, 1); from <= world.sent; from += 3) this.send(from, Math.min(from + 2, world.sent));
  }

  send(from: number, to: number): void {
    let text = '';
    for (let event = from; event <= to; event++) text += `id: ${this.#world.idOf(event)}\ndata: ${event}\n\n`;
    if (text) this.write(text);
  }

  comment(): void {
    this.write(':\n\n');
  }

  /** Sends an id without an event. */
  lone(id: string): void {
    this.write(`id: ${id}\n\n`);
  }

  cut(): void {
    this.#world.connections.delete(this);
    this.#tab.soon(this, () => this.#fail());
  }

  end(): void {
    if (this.#world.connections.delete(this)) this.#fail();
  }

  #fail(): void {
    try {
      this.#controller.error(new Error('cut'));
    } catch {
      // The stream has been closed already.
    }
  }

  write(text: string): void {
    this.#tab.soon(this, () => {
      if (this.#world.connections.has(this)) this.#controller.enqueue(new TextEncoder().encode(text));
    });
  }

  belongsTo(tab: WorldTab): boolean {
    return this.#tab === tab;
  }
}

/** A tab. Pending things are delivered in order for each source, and in any order among sources. */
export class WorldTab {
  readonly stream: EventStream;
  readonly opened: number;
  readonly options: EventStreamOptions;
  inbox: { source: unknown; act: () => void }[] = [];
  isFrozen = false;
  readonly #world: World;
  #late: (() => void)[] = [];

  constructor(world: World, options: EventStreamOptions) {
    this.#world = world;
    this.opened = world.sent;
    this.options = options;
    const shared = { tabs: sharedTabs(), autoConnect: true, ...options };
    this.stream = createStream('http://site/sse', shared, this.#environment());
  }

  soon(source: unknown, act: () => void): void {
    this.inbox.push({ source, act });
  }

  next(choice: number): void {
    this.take(this.inbox[choice % this.inbox.length]!.source);
  }

  /** Delivers what has been pending the longest from this source. */
  take(source: unknown): void {
    const index = this.inbox.findIndex((one) => one.source === source);
    this.inbox.splice(index, 1)[0]!.act();
  }

  /** Drops a pending message. */
  lose(index: number): void {
    const lost = this.inbox.filter(({ source }) => source === 'channel').at(index);
    if (lost) this.inbox.splice(this.inbox.indexOf(lost), 1);
  }

  thaw(): void {
    this.isFrozen = false;
    for (const callback of this.#late.splice(0)) callback();
  }

  close(): void {
    this.stream.close();
    this.#forget();
  }

  /** Ends the tab without a message: its locks and connections are released, and its sent messages stay pending. */
  crash(): void {
    this.isFrozen = true;
    this.inbox = [];
    this.#forget();
    for (const [channel, { tab }] of this.#world.channels) if (tab === this) this.#world.channels.delete(channel);
    for (const connection of this.#world.connections)
      if (connection.belongsTo(this)) this.#world.connections.delete(connection);
    for (const request of [...this.#world.locks]) if (request.tab === this) this.#world.drop(request);
  }

  /** The data of events and the reasons of gaps, after the next frame. */
  list(): string[] {
    this.#world.clock.advance(16);
    return [...this.stream.getSnapshot().entries].map((entry) => (entry.kind === 'gap' ? entry.reason : entry.data));
  }

  #forget(): void {
    this.#world.tabs.splice(this.#world.tabs.indexOf(this), 1);
  }

  #environment(): Environment {
    const world = this.#world;
    const self = this;
    class Channel {
      onmessage: ((event: { data: unknown }) => void) | null = null;
      constructor() {
        world.channels.set(this, { tab: self, deliver: (data) => this.onmessage?.({ data }) });
      }
      postMessage(message: unknown): void {
        const data = structuredClone(message);
        world.messages.push((data as { kind: string }).kind);
        for (const [channel, { tab, deliver }] of world.channels)
          if (channel !== this)
            tab.soon('channel', () => {
              if (world.channels.has(channel)) deliver(data);
            });
      }
      close(): void {
        world.channels.delete(this);
      }
    }
    const locks = {
      request: (_name: string, { signal, steal = false }: LockOptions, callback: () => unknown) =>
        new Promise<void>((done, fail) => {
          if (world.isWithoutLocks) return fail(new DOMException('no locks here', 'SecurityError'));
          const request = { tab: this, callback, fail, done };
          world.request(request, steal);
          signal?.addEventListener('abort', () => {
            fail(new Error('aborted'));
          });
          signal?.addEventListener('abort', () => queueMicrotask(() => world.drop(request)));
        }),
    };
    return {
      fetch: async (_url, init) => {
        const headers = new Headers(init?.headers);
        const connection = new Connection(world, this, headers.get('last-event-id'), init!.signal!);
        return new Response(connection.body, { headers: { 'content-type': 'text/event-stream' } });
      },
      Date: world.clock,
      Math: world,
      setTimeout: (callback, ms) =>
        world.clock.setTimeout(() => (this.isFrozen ? void this.#late.push(callback) : callback()), ms),
      clearTimeout: world.clock.clearTimeout,
      navigator: { locks: locks as unknown as LockManager },
      BroadcastChannel: Channel as unknown as typeof BroadcastChannel,
    };
  }
}
