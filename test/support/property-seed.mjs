// Loaded by mocha before the tests. Property tests start from a fixed seed, so that a run of the suite can be repeated;
// `SSE_SEED=… npm test` explores others. A failure prints its seed.
import fc from 'fast-check';

export const seed = Number(process.env.SSE_SEED ?? 20_261_128);
if (!Number.isSafeInteger(seed)) throw new Error(`SSE_SEED: expected a whole number, got ${process.env.SSE_SEED}`);
fc.configureGlobal({ seed });
