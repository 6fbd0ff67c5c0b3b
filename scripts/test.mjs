// `npm test`: the packages' tests and those that cross packages, side by side, since most of a test's time is waiting.
// Arguments go to mocha. The second half's output follows when the first one's is through.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const halves = [['packages/*/test/**/*.test.ts'], ['examples/*/test/**/*.test.ts', 'test/**/*.test.ts']];

const runs = halves.map((globs, index) => {
  const output = index === 0 ? 'inherit' : 'pipe';
  const args = ['node_modules/mocha/bin/mocha.js', ...process.argv.slice(2), ...globs];
  const mocha = spawn(process.execPath, args, { stdio: ['ignore', output, output] });
  const chunks = [];
  for (const stream of [mocha.stdout, mocha.stderr]) stream?.on('data', (chunk) => chunks.push(chunk));
  return { chunks, closed: once(mocha, 'close') };
});

for (const { chunks, closed } of runs) {
  const [code] = await closed;
  process.stdout.write(Buffer.concat(chunks));
  if (code !== 0) process.exitCode = 1;
}
