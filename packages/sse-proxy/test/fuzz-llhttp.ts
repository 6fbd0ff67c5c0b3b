// Compares the decoder of chunked bodies with llhttp, Node's own parser: `npm run fuzz`, or `npm run fuzz -- CASES
// SEED`.
import { compareWithLlhttp } from './support/chunk-fuzz.ts';

const [cases = 20_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
  console.error(`fuzz: expected CASES and SEED as whole numbers, got ${process.argv.slice(2).join(' ')}`);
  process.exit(2);
}
console.log(`fuzz: ${cases} chunked bodies, seed ${seed}`);
const { outcomes, differences, allowedReasons } = await compareWithLlhttp(cases, seed);
const { allowed, ...ends } = outcomes;
console.log(
  `fuzz: ours ended ${Object.entries(ends)
    .map(([end, count]) => `${end} ${count}`)
    .join(', ')}`,
);
console.log(`fuzz: ${allowed} allowed differences (${allowedReasons.join('; ')})`);
for (const { bytes, llhttp, ours } of differences.slice(0, 10)) {
  console.error(`fuzz: ${JSON.stringify(bytes)}: llhttp ${JSON.stringify(llhttp)}, ours ${JSON.stringify(ours)}`);
}
console.log(`fuzz: ${differences.length} other differences`);
process.exit(differences.length > 0 ? 1 : 0);
