import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { currentText, updatedText } from '../../scripts/source-map.mjs';
import { root, run } from '../packages/support/run.ts';
import { skip } from '../support/needs.ts';

describe("CONTRIBUTING's map of the source", () => {
  it("CONTRIBUTING's map names every source file of the packages and no other; `npm run map` updates it", function () {
    if (!existsSync(join(root, '.git'))) skip(this, 'needs a git checkout, to list the files of the repository');
    expect(currentText()).to.equal(updatedText(currentText()));
  });

  it("CONTRIBUTING's map links and names files that exist", () => {
    const links = [...currentText().matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path);
    const named = [...currentText().matchAll(/`((?:packages|examples|test|scripts|docs)\/[^`*<> ]+)`/g)].map(
      ([, path = '']) => path,
    );
    const missing = [...links, ...named].filter((path) => !/^https?:/.test(path) && !existsSync(join(root, path)));
    expect(missing).to.deep.equal([]);
  });
});

describe('npm run mutation', () => {
  it('npm run mutation names source and test files that exist', async () => {
    const refusal = await run(root, process.execPath, 'scripts/mutation.mjs', 'no-such-group').catch(String);
    expect(refusal).to.match(/mutation: expected framing, .*, got no-such-group/);
  });
});
