import { expect } from 'chai';
import type { Subscription } from '../../src/feed/subscription.ts';
import { ModelReader } from './model-reader.ts';

/** What a browser's parser makes of a stream that is fed to it in pieces. [spec] server-sent-events */
export class BrowserParser {
  lastEventId: string;
  readonly #onEvent: (type: string, data: string, id: string) => void;
  #rest = '';
  #afterCr = false;
  #type = '';
  #data: string[] = [];

  constructor(lastEventId: string, onEvent: (type: string, data: string, id: string) => void) {
    this.lastEventId = lastEventId;
    this.#onEvent = onEvent;
  }

  push(text: string): void {
    // An LF behind the CR that ended the last piece is that line end's other half.
    const fresh = this.#afterCr && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') this.#afterCr = text.endsWith('\r');
    const lines = (this.#rest + fresh).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (line === '') {
      if (this.#data.length > 0) this.#onEvent(this.#type || 'message', this.#data.join('\n'), this.lastEventId);
      this.#type = '';
      this.#data = [];
    } else if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id') this.lastEventId = value;
  }
}

/**
 * A browser of the model: it checks every event that it gets against what it must get next. Bytes that are sent to it
 * while it is slow are not read yet, and are lost if it leaves.
 */
export class Viewer extends ModelReader {
  /** Number of the last event that it got, or started from; undefined while it may start anywhere. */
  last: number | undefined;
  /** Events that had been sent when it came for the first time: it may miss none of the later ones. */
  protected cameAt = 0;
  gaps = 0;
  events = 0;
  readonly #strict: boolean;
  #parser: BrowserParser;
  #onItsWay: string[] = [];
  #blocked = false;

  /** `strict`: it must get nothing while it is not ready. */
  constructor(last: number | undefined, strict: boolean) {
    super();
    this.last = last;
    this.#strict = strict;
    this.#parser = new BrowserParser('', () => {});
    this.#parser = this.#newParser();
  }

  get cursor(): string {
    return this.#parser.lastEventId;
  }

  /**
   * Opens its first stream, or another one; `sent` events were sent before. With a function, a browser without an id
   * may miss what is sent until its stream opens.
   */
  join(subscription: Subscription, sent: number | (() => number)): void {
    // A browser that left before its first event counts as new.
    const note = (count: number) => {
      if (this.last === undefined) this.cameAt = count;
    };
    if (typeof sent === 'number') note(sent);
    else subscription.ready.then(() => note(sent())).catch(() => {});
    this.#parser = this.#newParser();
    this.#blocked = false;
    this.follow(subscription);
  }

  override leave(): void {
    this.#onItsWay = [];
    super.leave();
  }

  override recover(): void {
    for (const text of this.#onItsWay.splice(0)) this.#read(text);
    this.#blocked = false;
    super.recover();
  }

  onFrames(buffer: Buffer, start: number, end: number): boolean {
    if (this.#strict) expect(this.#blocked, 'bytes for a reader that is not ready').to.equal(false);
    this.#take(buffer.subarray(start, end));
    if (this.isSlow) this.#blocked = true;
    return !this.isSlow;
  }

  onControlEvent(bytes: Buffer): void {
    this.#take(bytes);
  }

  #take(bytes: Buffer): void {
    expect(this.subscription, 'bytes for one that left').to.not.equal(undefined);
    const text = bytes.toString();
    if (this.isSlow) this.#onItsWay.push(text);
    else this.#read(text);
  }

  #read(text: string): void {
    this.#parser.push(text);
    if (this.#parser.lastEventId) this.noteId(this.#parser.lastEventId);
  }

  /** A lone id at the start is the browser's position. */
  protected noteId(id: string): void {
    this.last ??= Number(id);
  }

  /** The id with which it comes; empty if it has none. */
  protected get startId(): string {
    return this.last === undefined ? '' : String(this.last);
  }

  #newParser(): BrowserParser {
    return new BrowserParser(this.startId, (type, data, id) => this.onEvent(type, data, id));
  }

  protected onEvent(type: string, data: string, id: string): void {
    if (type === 'sse-proxy:gap') return this.#gap(data);
    if (type === 'sse-proxy:upstream' || type === 'sse-proxy:end') return;
    expect(data, `data of event ${id}`).to.equal(dataOf(Number(id)));
    if (this.last !== undefined) expect(Number(id), 'the next event').to.equal(this.last + 1);
    else if (this.gaps === 0) expect(Number(id), 'the first event').to.be.at.most(this.cameAt + 1);
    this.last = Number(id);
    this.events++;
  }

  // A gap is true only before the feed has had any event, since there is no id to resume from, or for a browser that
  // joined in an outage.
  #gap(data: string): void {
    expect(JSON.parse(data).reason).to.be.oneOf(['no-ids', 'unmatched']);
    expect(this.last, 'a gap for one that had events').to.equal(undefined);
    this.gaps++;
  }
}

/** The data that event number `n` has. */
export function dataOf(n: number): string {
  return n % 3 === 0 ? `event ${n}\nof two lines` : `event ${n}`;
}

/** The bytes of event number `n`, in one of several styles. */
export function bytesOf(n: number, style: number): string {
  const data = dataOf(n)
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('');
  if (style === 1) return `: a comment\nid: ${n}\n${data}\n`;
  if (style === 2) return `${data}id:${n}\n\n`;
  if (style === 3) return `event: message\nid: ${n}\n${data}\n:\n`;
  if (style === 4) return `id: ${n}\n${data}\n`.replaceAll('\n', '\r\n');
  return `id: ${n}\n${data}\n`;
}
