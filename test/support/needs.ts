import Mocha, { before } from 'mocha';
import { installCommand, isThere, type NeedName, needs as table } from '../../scripts/needs.mjs';

/** Skips every test of the surrounding `describe` unless the machine has what `name` stands for. */
export function needs(name: NeedName): void {
  before(function () {
    skipWithout(this, name);
  });
}

/** Skips the running test (or, in a hook, its suite) unless the machine has what `name` stands for. */
export function skipWithout(context: Mocha.Context, name: NeedName): void {
  if (isThere(name)) return;
  const state = installCommand(name) ? 'is not installed' : `does not exist for ${process.platform}`;
  skip(context, `${name} ${state}, and these tests ${table[name].purpose}`, name);
}

/**
 * Skips the running test (or, in a hook, its suite). `npm test` repeats the reason at the end of its output.
 *
 * @param reason why; makes sense without the test's title
 * @param need what has to be installed for the test to run, if that is all that is missing
 */
export function skip(context: Mocha.Context, reason: string, need?: NeedName): never {
  console.log(`      skipped: ${reason}`);
  const runnable = context.runnable();
  const skipped = runnable instanceof Mocha.Hook ? runnable.parent : runnable;
  // scripts/testing/reporter.mjs reads these.
  Object.assign(skipped ?? {}, { skipReason: reason, skipNeed: need });
  return context.skip();
}
