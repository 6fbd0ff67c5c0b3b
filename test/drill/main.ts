// `npm run drill`: starts the whole system, puts it under load, and destroys each of its parts.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installCommand, isThere, type NeedName } from '../../scripts/needs.mjs';
import { machine, writeBlock } from '../scale/fleet/write.ts';
import { partNames } from './parts.ts';
import { runDrill } from './run.ts';
import { isSound, row, summary, table } from './table.ts';

const usage = `Usage: npm run drill -- [--only=PART,…] [--browsers=N] [--other=FOLDER] [--json] [--write]

Starts the log service with a pipeline that writes numbered logs, three BFFs, Redis and nginx, connects browsers, and destroys
one part after another. Prints what the browsers lost. Exit code 1: something was lost without a gap, or a browser stayed away.

  --only=PART,…   some of: ${partNames.join(', ')}
  --browsers=N    1 to 900 (300)
  --other=FOLDER  another checkout, built (npm run build there): adds the part upgrade, which restarts BFFs and log service
                  with its packages and with these in turn, while pages of both versions are open
  --json          the last line is the result as JSON
  --write         writes the table into docs/recovery.md
`;
const load = { instances: 3, eventsPerSecond: 20, graceMs: 3_000 };

/** @throws Error that names the argument and what was expected */
function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      other: { type: 'string' },
      browsers: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.split(',');
  const other = values.other === undefined ? undefined : resolve(values.other);
  if (other && !existsSync(join(other, 'packages/log-stream/dist'))) {
    throw new Error(`--other: expected the folder of a built checkout, got ${values.other}`);
  }
  const known = other ? [...partNames, 'upgrade'] : partNames;
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only: expected some of ${known.join(', ')}, got ${unknown}`);
  if (!/^[1-9]\d{0,2}$/.test(values.browsers) || Number(values.browsers) > 900) {
    throw new Error(`--browsers: expected 1 to 900, got ${values.browsers}`);
  }
  return { ...values, only, other, browsers: Number(values.browsers) };
}

async function main(): Promise<void> {
  const { json, write, help, ...wanted } = readArguments(process.argv.slice(2));
  if (help) {
    console.log(usage);
    return;
  }
  for (const need of ['redis', 'nginx'] satisfies NeedName[]) {
    if (!isThere(need)) throw new Error(`${need} is not installed: ${installCommand(need)}`);
  }
  const report = await runDrill({ ...load, ...wanted }, (what, result) => {
    if (result) console.error(row(result));
    else console.error(`drill: ${what}`);
  });
  console.log(`\n${table(report)}\n\n${summary(report)}`);
  if (write) writeBlock('recovery.md', 'drill', `${table(report)}\n\n${summary(report)}\n${machine()}\n`);
  if (json) console.log(JSON.stringify(report));
  process.exitCode = isSound(report) ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(`drill: ${error.message}`);
  // A step that took too long may still be waiting.
  process.exit(1);
});
