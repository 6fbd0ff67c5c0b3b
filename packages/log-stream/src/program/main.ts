#!/usr/bin/env node
import '../node-version.ts';
import { readFileSync } from 'node:fs';
import { quote } from '../errors.ts';
import { printer } from './journal.ts';
import { type RunningService, serve } from './serve.ts';
import { readSettings, type Settings } from './settings.ts';
import { usage } from './usage.ts';

/** Exit codes: the service could not start; a variable or an argument is wrong. */
const exitFailed = 1;
const exitMisused = 2;

function fail(code: number, error: unknown): never {
  // One line, whatever the message quotes.
  const message = (error instanceof Error ? error.message : String(error)).replace(/[\r\n]+/g, ' ');
  process.stderr.write(`log-stream: ${message}\n`);
  process.exit(code);
}

/** Prints what `--help` and `--version` request; refuses every other argument. */
function handleArguments([argument, ...more]: readonly string[]): void {
  if (argument === undefined) return;
  if (more.length === 0 && (argument === '--help' || argument === '-h')) {
    process.stdout.write(usage);
    process.exit();
  }
  if (more.length === 0 && argument === '--version') {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    process.stdout.write(`${version}\n`);
    process.exit();
  }
  fail(exitMisused, `${quote(more[0] ?? argument)}: unexpected argument; see --help`);
}

function settingsOf(env: NodeJS.ProcessEnv): Settings {
  try {
    return readSettings(env);
  } catch (error) {
    return fail(exitMisused, error);
  }
}

/** Stops the service at the first signal, and the process at the second. */
function stopOnSignal(service: RunningService): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(exitFailed);
      stopping = true;
      service.stop().then(
        () => process.exit(),
        (error: unknown) => fail(exitFailed, error),
      );
    });
  }
}

handleArguments(process.argv.slice(2));
const settings = settingsOf(process.env);
try {
  stopOnSignal(await serve(settings, printer(process.stdout)));
} catch (error) {
  fail(exitFailed, error);
}
