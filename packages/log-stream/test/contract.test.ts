import { checks } from './contract/checks.ts';
import type { Stage } from './contract/stage.ts';
import { subjects } from './contract/subjects.ts';

// The same checks as `npm run contract`, here as tests.
for (const { name, missing, stage: open } of subjects) {
  describe(`the contract of a store: ${name}`, () => {
    const reason = missing();
    if (reason) {
      // A server that is not there is no failure: CI has one.
      console.log(`    ${name}: ${reason}`);
      return;
    }
    let stage: Stage;
    beforeEach(async () => {
      stage = await open();
    });
    afterEach(() => stage.close());
    for (const { title, run } of checks) it(`${name} ${title}`, () => run(stage));
  });
}
