import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../packages/support/run.ts';
import { trackedTexts } from '../setup/support/contract.ts';
import { skip } from '../support/needs.ts';

const columns = 120;
const comment = /^\s*(?:\/\/|\/?\*)/;
/** A linter's directive stays on one line, and an address can't be wrapped. */
const unwrappable = /biome-ignore|^\s*(?:\/\/|\/?\*+)\s*https?:\S+$/;

describe('comments', () => {
  it('no line of a comment in a source file is longer than 120 columns', async function () {
    if (!existsSync(join(root, '.git'))) skip(this, 'needs a git checkout, to list the files of the repository');
    const sources = [...(await trackedTexts())].filter(([file]) => !file.endsWith('.md'));
    const found = sources.flatMap(([file, text]) =>
      text.split('\n').flatMap((line, index) => {
        const isLong = comment.test(line) && !unwrappable.test(line) && [...line].length > columns;
        return isLong ? [`${file}:${index + 1}`] : [];
      }),
    );
    expect(sources).to.have.length.above(500);
    expect(found).to.deep.equal([]);
  });
});
