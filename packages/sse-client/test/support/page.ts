/** An EventTarget that counts its listeners. */
class Target extends EventTarget {
  listeners = 0;

  override addEventListener(...given: Parameters<EventTarget['addEventListener']>): void {
    this.listeners++;
    super.addEventListener(...given);
  }

  override removeEventListener(...given: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners--;
    super.removeEventListener(...given);
  }
}

/** The parts of a page that the client uses. */
export class Page {
  readonly window = new Target();
  readonly document = Object.assign(new Target(), { visibilityState: 'visible' });
  readonly navigator = { onLine: true };

  get listeners(): number {
    return this.window.listeners + this.document.listeners;
  }

  goOnline(): void {
    this.navigator.onLine = true;
    this.window.dispatchEvent(new Event('online'));
  }

  turn(visibilityState: 'visible' | 'hidden'): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  show(persisted: boolean): void {
    this.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }));
  }

  hide(): void {
    this.window.dispatchEvent(new Event('pagehide'));
  }

  /** Another tab has changed the storage. */
  stored(storageArea: unknown, key: string | null, newValue: string | null): void {
    this.window.dispatchEvent(Object.assign(new Event('storage'), { storageArea, key, newValue }));
  }
}
