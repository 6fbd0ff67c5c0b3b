// @ts-check

/**
 * @typedef {object} Log
 * @property {string} logLevel
 * @property {string} message
 * @property {string} description
 * @property {string} stageName
 * @property {string} duration
 * @property {string} isoTime
 * @property {{ timestamp: number }} meta
 */

/** An event can come twice only around a reconnect, so not every id ever seen has to be kept. */
const IDS_KEPT = 5_000;

/** Keeps count: which logs came with the page, which came live, and which came live already. */
export class Book {
  original = 0;
  fresh = 0;
  /** Id of the newest event: where a stream has to go on. */
  cursor = '';
  /** @type {Set<string>} */
  #seen = new Set();

  /**
   * @param {string} id
   * @returns {boolean} false if this event was here before
   */
  enter(id) {
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    this.cursor = id;
    this.fresh += 1;
    if (this.#seen.size > IDS_KEPT) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return true;
  }

  get summary() {
    const total = this.original + this.fresh;
    const number = (/** @type {number} */ n) => n.toLocaleString('en');
    return `Total: ${number(total)} logs (${number(this.original)} original + ${number(this.fresh)} new)`;
  }
}
