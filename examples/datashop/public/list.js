// @ts-check

/** Rows kept in the page; beyond them the oldest go, so that a page left open never grows without end. */
const ROWS_KEPT = 1_000;

/** The table's body. New rows are gathered and put in once a frame, however fast they come. */
export class List {
  /** Whether rows were dropped at the old end. */
  trimmed = false;
  #body;
  #afterDraw;
  /** @type {HTMLTableRowElement[]} newest last */
  #waiting = [];
  #due = false;

  /**
   * @param {HTMLElement} body
   * @param {() => void} afterDraw
   */
  constructor(body, afterDraw) {
    this.#body = body;
    this.#afterDraw = afterDraw;
  }

  get length() {
    return this.#body.childElementCount;
  }

  /** @param {HTMLTableRowElement} row */
  addOnTop(row) {
    this.#waiting.push(row);
    // A tab in the background draws no frames for hours.
    if (this.#waiting.length > ROWS_KEPT) {
      this.#waiting.shift();
      this.trimmed = true;
    }
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => this.#draw());
  }

  /** @param {HTMLTableRowElement[]} rows newest first */
  addAtEnd(rows) {
    this.#body.append(...rows);
    this.#draw();
  }

  clear() {
    this.#waiting = [];
    this.trimmed = false;
    this.#body.replaceChildren();
  }

  #draw() {
    this.#due = false;
    this.#body.prepend(...this.#waiting.reverse());
    this.#waiting = [];
    while (this.length > ROWS_KEPT) {
      this.#body.lastElementChild?.remove();
      this.trimmed = true;
    }
    this.#afterDraw();
  }
}
