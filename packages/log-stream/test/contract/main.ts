// Checks the contract of stores and prints a line for each. Argument: a part of the names of the stores to check.
import { checks } from './checks.ts';
import type { Subject } from './stage.ts';
import { subjects } from './subjects.ts';

const [wanted = ''] = process.argv.slice(2);

async function check(subject: Subject): Promise<string> {
  const missing = subject.missing();
  if (missing) return `${subject.name}: ${missing}`;
  const started = performance.now();
  const failed: string[] = [];
  for (const { title, run } of checks) {
    const stage = await subject.stage();
    try {
      await run(stage);
    } catch (error) {
      failed.push(`  ${title}\n    ${String(error).replaceAll('\n', '\n    ')}`);
    } finally {
      await stage.close();
    }
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  if (failed.length === 0) return `${subject.name}: all ${checks.length} checks hold (${seconds} s)`;
  process.exitCode = 1;
  return `${subject.name}: ${failed.length} of ${checks.length} checks fail (${seconds} s)\n${failed.join('\n')}`;
}

for (const subject of subjects.filter(({ name }) => name.includes(wanted))) console.log(await check(subject));
