import { connect, type Socket } from 'node:net';
import { Dechunker, EventScanner, nowUs } from './wire.ts';

/** Where a browser connects to. */
export interface Address {
  readonly port: number;
  readonly path: string;
  /** Source address, if one loopback address has too few ports. */
  readonly localAddress?: string | undefined;
}

/** Callbacks of the browsers of one process. */
export interface BrowserEvents {
  onEvent(browser: Browser, latencyUs: number): void;
  onOpen(browser: Browser): void;
  /** Called if the stream is refused or ends unexpectedly. */
  onGone(browser: Browser, why: string): void;
}

// Shared by all sockets: the bytes of a read are consumed before the next read.
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** A minimal browser: a socket that requests a stream and reads it. */
export class Browser {
  /** Sequence number of the newest event. The next event must have the next number. */
  last = 0;
  events = 0;
  lost = 0;
  doubled = 0;
  isOpen = false;
  /** Time from the connect to the end of the response's headers. */
  openedAfterUs = 0;

  readonly #on: BrowserEvents;
  #scanner = new EventScanner();
  #dechunker: Dechunker | undefined;
  #head = '';
  #socket: Socket | undefined;
  #readUs = 0;

  constructor(on: BrowserEvents) {
    this.#on = on;
  }

  get comments(): number {
    return this.#scanner.comments;
  }

  /** Opens the stream, from the newest event on if it was open before. */
  open({ port, path, localAddress }: Address): void {
    const startUs = nowUs();
    this.#scanner = new EventScanner();
    this.#dechunker = undefined;
    this.#head = '';
    const socket = connect({
      port,
      host: '127.0.0.1',
      localAddress,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (bytesRead) => {
          const bytes = readBuffer.subarray(0, bytesRead);
          if (this.isOpen) this.#read(bytes);
          else this.#readHead(bytes, startUs);
          return true;
        },
      },
    });
    this.#socket = socket;
    const cursor = this.last > 0 ? `Last-Event-ID: ${this.last}\r\n` : '';
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: text/event-stream\r\n${cursor}\r\n`);
    let why = 'closed by the server';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.message;
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#gone(why);
    });
  }

  /** Resets the connection, which leaves no port in TIME_WAIT. */
  leave(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.isOpen = false;
    socket?.resetAndDestroy();
  }

  #gone(why: string): void {
    this.leave();
    this.#on.onGone(this, why);
  }

  #readHead(bytes: Buffer, startUs: number): void {
    const before = this.#head.length;
    this.#head += bytes.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#head.slice(0, end);
    if (!/^HTTP\/1\.1 200 /.test(head)) return this.#gone(`answered ${head.slice(9, 12)}`);
    if (/^transfer-encoding:\s*chunked/im.test(head)) this.#dechunker = new Dechunker();
    this.isOpen = true;
    this.openedAfterUs = nowUs() - startUs;
    this.#on.onOpen(this);
    this.#read(bytes.subarray(end + 4 - before));
  }

  #read(bytes: Buffer): void {
    this.#readUs = nowUs();
    if (this.#dechunker) this.#dechunker.decode(bytes, this.#onBody);
    else this.#onBody(bytes);
  }

  #onBody = (body: Buffer): void => this.#scanner.scan(body, this.#onEvent);

  #onEvent = (sequence: number, sentUs: number): void => {
    if (sequence <= this.last) {
      this.doubled++;
      return;
    }
    this.lost += sequence - this.last - 1;
    this.last = sequence;
    this.events++;
    this.#on.onEvent(this, this.#readUs - sentUs);
  };
}
