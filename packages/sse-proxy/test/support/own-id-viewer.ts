import { expect } from 'chai';
import { Viewer } from './viewer.ts';

/** Reasons of a gap after which events may be repeated, since it is unknown which events the browser has. */
const unknown = ['unknown-id', 'unmatched'];

/**
 * A browser of the model for ids of the proxy's own. An id names the same event in all instances; after a gap, events
 * may be missing.
 */
export class OwnIdViewer extends Viewer {
  /** Id → number of its event, for all browsers of a model. */
  readonly #names: Map<string, number>;
  /** True if events without ids may be lost when the upstream's connection changes. */
  readonly #mayLose: boolean;
  #isAfterGap = false;

  constructor(names: Map<string, number>, mayLose: boolean) {
    super(undefined, true);
    this.#names = names;
    this.#mayLose = mayLose;
  }

  override join(...given: Parameters<Viewer['join']>): void {
    // A join connection sends events without ids: a browser that leaves meanwhile comes back as a new one.
    if (this.cursor === '') this.last = undefined;
    super.join(...given);
  }

  protected override get startId(): string {
    return this.cursor;
  }

  protected override noteId(id: string): void {
    if (!this.#mayLose) this.last ??= this.#names.get(id);
  }

  protected override onEvent(type: string, data: string, id: string): void {
    if (type === 'sse-proxy:gap') return this.#onGap(JSON.parse(data).reason);
    if (type.startsWith('sse-proxy:')) return;
    const number = Number(/^event (\d+)/.exec(data)?.[1]);
    if (id !== '') {
      expect(this.#names.get(id) ?? number, `the event with the id ${id}`).to.equal(number);
      this.#names.set(id, number);
    }
    if (this.#isAfterGap) this.#isAfterGap = false;
    else if (this.last !== undefined) expect(number, 'the next event').to.equal(this.last + 1);
    else expect(number, 'the first event').to.be.at.most(this.cameAt + 1);
    this.last = number;
    this.events++;
  }

  #onGap(reason: string): void {
    if (!this.#mayLose && this.last !== undefined && !this.#isAfterGap) expect(reason).to.be.oneOf(unknown);
    this.#isAfterGap = true;
    this.gaps++;
  }
}
