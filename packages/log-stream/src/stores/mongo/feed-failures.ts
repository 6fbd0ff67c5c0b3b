/** Codes of a server that has no change streams, or not for this collection, or not for this user. */
const unsupportedCodes: readonly unknown[] = [13, 59, 115, 166, 238, 40324, 40573];
/** Codes of a resume token that the server can't continue from. */
const lostCodes: readonly unknown[] = [136, 260, 280, 286];
/** Codes of a server that is busy, stopping, or not the primary, and of a cursor that is gone. */
const temporaryCodes: readonly unknown[] = [
  6, 7, 43, 50, 63, 89, 91, 133, 150, 189, 202, 234, 262, 9001, 10107, 11600, 11601, 11602, 13388, 13435, 13436,
];
/** Refusals in a row after which a change stream begins without its token. */
const maxRefusals = 3;

/** The collection was dropped or renamed: its change stream can't be resumed. */
export class CollectionGone extends Error {}

/**
 * What follows from a failure of the change stream:
 * - `unsupported`: there is none on this server.
 * - `lost`: it starts over, and changes may have been missed.
 * - `refused`: the same, after several refusals with codes that are in none of the lists above.
 * - `temporary`: it continues from its token.
 */
export type FeedFailure = 'unsupported' | 'lost' | 'refused' | 'temporary';

/** Classifies the failures of a change stream. */
export class FeedFailures {
  #refusals = 0;

  /** The stream has opened. */
  clear(): void {
    this.#refusals = 0;
  }

  classify(error: unknown): FeedFailure {
    if (error instanceof CollectionGone) return 'lost';
    const { code, errorLabels } = error as { code?: unknown; errorLabels?: unknown };
    if (unsupportedCodes.includes(code)) return 'unsupported';
    if (lostCodes.includes(code)) return 'lost';
    const isResumable = Array.isArray(errorLabels) && errorLabels.includes('ResumableChangeStreamError');
    // Errors of connections have no number.
    if (typeof code !== 'number' || temporaryCodes.includes(code) || isResumable) return 'temporary';
    this.#refusals++;
    return this.#refusals % maxRefusals === 0 ? 'refused' : 'temporary';
  }
}
