/** Codes of the error for a hint that names no index. */
export const badHintCodes: readonly unknown[] = [2, 291];
/** Codes of a command or a stage that the server does not have, or that this user may not use. */
export const noAggregationCodes: readonly unknown[] = [13, 59, 115, 238, 304, 40324];
/** Codes of a server that has no read concern `majority`: it is disabled or unknown there. */
export const noMajorityCodes: readonly unknown[] = [72, 148];
