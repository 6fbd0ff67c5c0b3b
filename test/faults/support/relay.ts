import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

/** How a relay changes connections. It changes only bytes that come from the target. */
export interface RelayRules {
  /** Delay of each chunk, in ms. */
  latencyMs?: number;
  /** Splits chunks into pieces of this size, one per turn of the event loop. */
  sliceBytes?: number;
  /** Called for each new connection: where to break it, in bytes from the target. */
  cut?: () => { bytes: number; how: 'fin' | 'rst' } | undefined;
  /** Accepts new connections and sends nothing, or (`head`) the first half of a response's headers. */
  hang?: 'silent' | 'head';
  /** Relays nothing in either direction, ends of connections included. See {@link Relay.stall}. */
  stalled?: boolean;
}

interface Link {
  readonly near: net.Socket;
  readonly far: net.Socket | undefined;
  /** Relays what was held back while the relay was stalled. */
  goOn?: () => void;
}

/** A TCP relay that delays, splits, stalls and breaks connections. */
export class Relay {
  rules: RelayRules;
  /** Where new connections go. */
  target: number | { host: string; port: number };
  /** Number of connections so far, and of those that were broken. */
  accepted = 0;
  broken = 0;
  readonly #links = new Set<Link>();
  readonly #server: net.Server;

  private constructor(target: number, rules: RelayRules, identity: tls.SecureContextOptions | undefined) {
    this.target = target;
    this.rules = rules;
    const accept = (socket: net.Socket) => this.#accept(socket);
    this.#server = identity
      ? tls.createServer(identity, accept)
      : net.createServer({ allowHalfOpen: false, noDelay: true }, accept);
    this.#server.on('tlsClientError', () => {});
  }

  /** Listens on a free port. With an identity, clients connect by TLS. */
  static async start(target = 0, rules: RelayRules = {}, identity?: tls.SecureContextOptions): Promise<Relay> {
    const relay = new Relay(target, rules, identity);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Number of open connections. */
  get open(): number {
    return this.#links.size;
  }

  /** Changes the certificate for new connections. */
  identify(identity: tls.SecureContextOptions): void {
    (this.#server as tls.Server).setSecureContext(identity);
  }

  /** Stalls the relay, or lets it go on: then what was sent meanwhile is relayed, as after a partition of a network. */
  stall(isStalled: boolean): void {
    this.rules.stalled = isStalled;
    if (!isStalled) for (const link of [...this.#links]) link.goOn?.();
  }

  /** Breaks all open connections. */
  breakAll(how: 'fin' | 'rst'): void {
    for (const link of [...this.#links]) this.#break(link, how);
  }

  #break(link: Link, how: 'fin' | 'rst'): void {
    if (!this.#links.delete(link)) return;
    this.broken++;
    if (link.near instanceof tls.TLSSocket) link.near.destroy();
    else if (how === 'rst') link.near.resetAndDestroy();
    else link.near.end();
    link.far?.destroy();
  }

  #accept(near: net.Socket): void {
    this.accepted++;
    near.on('error', () => {});
    if (this.rules.hang) {
      const link = { near, far: undefined };
      this.#links.add(link);
      near.on('close', () => this.#links.delete(link));
      if (this.rules.hang === 'head') near.write('HTTP/1.1 200 OK\r\nContent-Type: text/ev');
      near.resume();
      return;
    }
    const far = net.connect(typeof this.target === 'number' ? { port: this.target, host: '127.0.0.1' } : this.target);
    far.setNoDelay(true);
    const link: Link = { near, far };
    this.#links.add(link);
    const over = (how: 'fin' | 'rst') => {
      if (this.rules.stalled || !this.#links.delete(link)) return;
      for (const socket of [near, far]) how === 'fin' ? socket.end() : socket.destroy();
    };
    far.on('error', () => over('rst'));
    near.on('close', () => over('rst'));
    near.on('end', () => over('fin'));
    near.on('data', (chunk) => {
      if (this.rules.stalled) near.pause().unshift(chunk);
      else if (!far.destroyed) far.write(chunk);
    });
    const { deliver, pump } = this.#tamper(link, () => over('fin'));
    far.on('data', deliver).on('end', () => deliver(undefined));
    link.goOn = () => {
      if (near.destroyed || far.destroyed) return over('rst');
      near.resume();
      far.resume();
      pump();
    };
  }

  /**
   * `deliver` relays chunks from the target according to the rules; `undefined` is the target's end. `pump`: goes on.
   */
  #tamper(link: Link, onEnd: () => void): { deliver(chunk: Buffer | undefined): void; pump(): void } {
    const { near, far } = link as { near: net.Socket; far: net.Socket };
    const cut = this.rules.cut?.();
    let left = cut?.bytes ?? Number.POSITIVE_INFINITY;
    near.on('drain', () => this.rules.stalled || far.resume());
    const queue: (Buffer | undefined)[] = [];
    const pass = (piece: Buffer | undefined) => {
      if (!this.#links.has(link)) return;
      if (piece === undefined) return onEnd();
      const passed = piece.length > left ? piece.subarray(0, left) : piece;
      left -= passed.length;
      if (!near.write(passed)) far.pause();
      if (cut && left === 0) this.#break(link, cut.how);
    };
    let pumping = false;
    const pump = () => {
      pumping = false;
      if (queue.length === 0 || this.rules.stalled) return;
      pass(queue.shift());
      if (!this.rules.sliceBytes) return pump();
      pumping = true;
      setImmediate(pump);
    };
    const take = (chunk: Buffer | undefined) => {
      if (this.rules.stalled) far.pause();
      const bytes = this.rules.sliceBytes ?? chunk?.length ?? 1;
      if (chunk === undefined) queue.push(undefined);
      else for (let at = 0; at < chunk.length; at += bytes) queue.push(chunk.subarray(at, at + bytes));
      if (!pumping) pump();
    };
    const deliver = (chunk: Buffer | undefined) => {
      const { latencyMs } = this.rules;
      if (latencyMs) setTimeout(take, latencyMs, chunk);
      else take(chunk);
    };
    return { deliver, pump };
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#links) {
      near.destroy();
      far?.destroy();
    }
    this.#links.clear();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
