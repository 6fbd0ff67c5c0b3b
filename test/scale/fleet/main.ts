// `npm run scale`: three instances behind nginx, one Redis, 300 browsers, and a script that kills parts of it.
//   -- --json            the last line is the result as JSON
//   -- --browsers=100    another number of browsers
//   -- --write           writes table and picture into docs/
import { installCommand, isThere, type NeedName } from '../../../scripts/needs.mjs';
import { runFleet } from './run.ts';
import { isExact, printReport } from './table.ts';
import { writeDocuments } from './write.ts';

const options = { browsers: 300, instances: 3, eventsPerSecond: 20, graceMs: 3_000 };

/** @throws Error that names the argument and what was expected */
function readArguments(args: readonly string[]) {
  const read = { ...options, json: false, write: false };
  for (const arg of args) {
    const [, name, value] = /^--(\w+)(?:=(.+))?$/.exec(arg) ?? [];
    if (name === 'json' && value === undefined) read.json = true;
    else if (name === 'write' && value === undefined) read.write = true;
    else if (name === 'browsers' && /^[1-9]\d{0,3}$/.test(value ?? '')) read.browsers = Number(value);
    else throw new Error(`scale: expected --json, --write or --browsers=1 to 9999, got ${arg}`);
  }
  return read;
}

async function main(): Promise<void> {
  const { json, write, ...wanted } = readArguments(process.argv.slice(2));
  for (const need of ['redis', 'nginx'] satisfies NeedName[]) {
    if (!isThere(need)) throw new Error(`scale: ${need} is not installed: ${installCommand(need)}`);
  }
  const report = await runFleet(wanted, (what) => console.error(`scale: ${what}`));
  printReport(report);
  if (write) writeDocuments(report);
  if (json) {
    const { samples: _, ...figures } = report;
    console.log(JSON.stringify(figures));
  }
  process.exitCode = isExact(report) ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
