// Mocha reporter: prints what `spec` prints, and appends one JSON line per result to the file that TEST_RESULTS names.
import { appendFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { relative } from 'node:path';
import Mocha from 'mocha';

/** The reason that test/support/needs.ts left on the test or on a suite around it. */
function skipOf(test) {
  for (let at = test; at; at = at.parent) if (at.skipReason) return { reason: at.skipReason, need: at.skipNeed };
  return { reason: undefined, need: undefined };
}

export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.TEST_RESULTS;
    if (!file) return;
    // Other groups load the same modules, and this one ends much later.
    flushCompileCache();
    const write = (result) => appendFileSync(file, `${JSON.stringify(result)}\n`);
    const startedAt = new Map();
    write({ kind: 'begin', total: runner.total });
    runner.on('pass', () => write({ kind: 'pass' }));
    runner.on('pending', (test) => write({ kind: 'skip', title: test.fullTitle(), ...skipOf(test) }));
    runner.on('fail', (test, error) => {
      const where = relative(process.cwd(), test.file ?? '');
      write({ kind: 'fail', title: test.fullTitle(), file: where, error: error?.stack ?? String(error) });
    });
    runner.on('suite', (suite) => startedAt.set(suite, performance.now()));
    runner.on('suite end', (suite) => {
      if (!suite.parent?.root) return;
      const ms = Math.round(performance.now() - startedAt.get(suite));
      write({ kind: 'suite', file: relative(process.cwd(), suite.file ?? ''), ms });
    });
    runner.on('end', () => write({ kind: 'end' }));
  }
}
